//! What every page has: a head, the style, the way back.

use super::html::Escaped;

const STYLE: &str = include_str!("style.css");

/// How a page begins that this program wrote, and nobody else.
pub(super) const OPENING: &str = "<!doctype html><html lang=\"en\" data-report=\"loss audit\">";

/// A whole page: style inline, nothing fetched, light and dark.
pub(super) fn document(title: &str, body: &str) -> String {
    format!(
        "{OPENING}<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{}</title><style>{STYLE}</style></head><body>{body}</body></html>\n",
        Escaped(title)
    )
}
