//! The page around a report: one file that loads nothing, and in which nothing runs but its own script.

use ring::digest::{SHA256, digest};

use super::text::{escaped, facts};

const STYLE: &str = include_str!("report.css");
/// In the order in which they run; none needs another.
const SCRIPTS: [&str; 3] = [include_str!("sort.js"), include_str!("chart.js"), include_str!("timeline.js")];

/// The whole document; `body` is HTML, and the title is a text.
pub(super) fn page(title: &str, body: &str) -> String {
    let script = SCRIPTS.concat();
    // A browser runs a script and applies a style only if it has this hash. Attributes are no way in either.
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(&script)
    );
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n{body}<script>{script}</script>\n</body>\n</html>\n",
        escaped(title)
    )
}

/// The command that gives the report again, and the program that wrote it.
pub(super) fn footer(command: &str) -> String {
    let version = format!("hubbub {}", env!("CARGO_PKG_VERSION"));
    format!("<footer>\n{}</footer>\n", facts(&[("Made by", command.to_owned()), ("Version", version)]))
}

/// The hash of a style or script, as a content security policy has it.
fn hash(text: &str) -> String {
    format!("sha256-{}", base64(digest(&SHA256, text.as_bytes()).as_ref()))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, index| bits << 8 | u32::from(three.get(index).copied().unwrap_or(0)));
        for letter in 0..4_usize {
            let index = (bits >> (18 - 6 * letter)) & 63;
            text.push(if letter <= three.len() { char::from(LETTERS[index as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standards() {
        assert_eq!(
            ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes())),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
        assert_eq!(hash("abc"), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    }

    #[test]
    fn style_and_script_end_where_the_page_ends_them() {
        assert!(SCRIPTS.iter().chain([&STYLE]).all(|text| !text.contains("</")));
        let html = page("a </title><script>", "");
        assert!(html.contains("<title>a &lt;/title&gt;&lt;script&gt;</title>"));
        assert_eq!(html.matches("<script").count(), 1);
    }
}
