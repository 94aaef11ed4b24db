//! Coinbase Exchange: the signature that each request carries.
//!
//! base64(HMAC-SHA-256(base64 of the secret decoded, stamp ‖ method ‖ path with query ‖ body)),
//! the stamp in seconds. What is signed must be what is sent, to the byte.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use std::fmt;

/// The text of a signature: 32 bytes in base64.
pub type Signature = [u8; 44];

/// Signs requests.
#[derive(Clone, Debug)]
pub struct Signer {
    key: hmac::Key,
}

/// The secret is no base64. It is not repeated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoSecret;

impl fmt::Display for NoSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the API secret is no base64: copy it whole, as the venue has shown it")
    }
}

impl std::error::Error for NoSecret {}

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Seconds since 1970, as the header has them.
    pub stamp: &'a [u8],
    /// The word of HTTP.
    pub method: &'a str,
    /// From the slash on, the query included.
    pub path: &'a str,
    /// The body, if there is one.
    pub body: &'a [u8],
}

impl Signer {
    /// A signer with the secret as the venue shows it.
    ///
    /// # Errors
    /// It is no base64.
    pub fn new(secret: &str) -> Result<Self, NoSecret> {
        let secret = STANDARD.decode(secret).map_err(|_| NoSecret)?;
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &secret) })
    }

    /// The signature of a request.
    #[must_use]
    pub fn sign(&self, request: &Request<'_>) -> Signature {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(request.stamp);
        context.update(request.method.as_bytes());
        context.update(request.path.as_bytes());
        context.update(request.body);
        let mut text = [0; 44];
        let written = STANDARD.encode_slice(context.sign(), &mut text);
        assert_eq!(written, Ok(text.len()), "32 bytes are 44 letters");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with another implementation (Python's `hmac`).
    const SECRET: &str = "dGhpcy1pcy1hLXRlc3Qta2V5LWFuZC1ub3RoaW5nLWVsc2UtMDEyMzQ1Njc4OQ==";

    #[test]
    fn signatures_are_those_of_another_implementation() {
        let signer = Signer::new(SECRET).unwrap();
        let check = |stamp: &str, method, path, body: &str, expected: &[u8; 44]| {
            let (stamp, body) = (stamp.as_bytes(), body.as_bytes());
            let found = signer.sign(&Request { stamp, method, path, body });
            assert_eq!(found, *expected, "{}", String::from_utf8_lossy(&found));
        };
        check(
            "1580066918.897",
            "GET",
            "/fills?product_id=BTC-EUR",
            "",
            b"LZFJ0gwCL/NJulgnEKfYDzfZtVGVQdbKSBY55SEUnzI=",
        );
        check(
            "1700000000",
            "POST",
            "/orders",
            concat!(
                r#"{"type":"limit","side":"buy","product_id":"BTC-USD","price":"50000.00","#,
                r#""size":"0.01","post_only":true}"#
            ),
            b"GZynqyfo5Gm4a/F+YyPdkQUGLrrvUZ35CMSrZhncRRE=",
        );
        check(
            "1700000001",
            "DELETE",
            "/orders/client:00000000-0000-4000-8000-000000000001?product_id=BTC-USD",
            "",
            b"+ZMXF8LgGFlkz53OiYal0TdoJ3K3in4BIIdMNWeQJys=",
        );
    }

    #[test]
    fn a_secret_that_is_none_is_refused_and_not_repeated() {
        let refused = Signer::new("not base64!").unwrap_err();
        assert!(!refused.to_string().contains("not base64!"));
    }
}
