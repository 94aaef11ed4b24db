//! Messages of Coinbase Exchange and the parts they must become.

use super::decode::Exchange;
use crate::types::Venue;
use crate::venue::decode::tests::{check, table};

#[test]
fn hot_messages_are_scanned_by_hand() {
    let table = table(Venue::CoinbaseExchange, &["BTC-USD", "SKL-USD 0.0001 0.1"]);
    let surprises = check(
        Exchange::default,
        &table,
        &[
            (
                r#"{"type":"l2update","product_id":"SKL-USD","changes":[["buy","0.8001","335.0"],["sell","0.8002","0.0"]],"time":"2021-04-17T16:43:30.244075Z"}"#,
                &["SKL-USD update | bid 0.8001 335.0 | ask 0.8002 0.0 at 1618677810244075000"],
            ),
            (
                r#"{"type":"l2update","product_id":"BTC-USD","changes":[],"time":"2021-04-17T16:43:30.2Z"}"#,
                &["BTC-USD update at 1618677810200000000"],
            ),
            (
                r#"{"type":"snapshot","product_id":"BTC-USD","asks":[["100.02","1"],["100.03","2.5"]],"bids":[["100.01","0.1"]]}"#,
                &[
                    "BTC-USD snapshot | ask 100.02 1.00000000 | ask 100.03 2.50000000 | bid 100.01 0.10000000",
                ],
            ),
            (
                r#"{"type":"snapshot","product_id":"BTC-USD","bids":[],"asks":[]}"#,
                &["BTC-USD snapshot"],
            ),
            (
                r#"{"type":"match","trade_id":889760,"maker_order_id":"fc850f11-c268-4f38-8412-065bea96957d","taker_order_id":"5e123235-943a-4afc-94f4-5641e12e09ff","side":"buy","size":"0.000007","price":"412.60","product_id":"BTC-USD","sequence":451724584,"time":"2021-04-17T16:43:15.270101Z"}"#,
                &["BTC-USD trade 889760 ask 0.00000700 @ 412.60 at 1618677795270101000"],
            ),
        ],
    );
    assert_eq!(surprises, 0);
}
