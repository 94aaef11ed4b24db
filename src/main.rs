//! The engine binary: arguments → wire → run → exit code.

fn main() {}
