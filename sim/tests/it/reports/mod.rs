//! `--report`: a result as one HTML file, as a file and in a browser.

mod files;
mod in_a_browser;

// The driver of the server's own tests; it is not all used here.
#[expect(dead_code, reason = "shared with the tests of the server's page")]
#[path = "../../../../tests/it/support/browser.rs"]
mod browser;

use std::time::Duration;

/// Longest time any single thing may take.
const PATIENCE: Duration = Duration::from_secs(10);

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited too long: {what}"))
}
