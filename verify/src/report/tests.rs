use super::{Report, page};
use crate::audit::{Audit, sample};

/// Every element that is opened is closed, in order.
fn assert_well_formed(html: &str) {
    const VOID: [&str; 4] = ["meta", "br", "!doctype", "link"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let end = rest.find('>').expect("a tag ends");
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if VOID.contains(&name) || tag.ends_with('/') {
            continue;
        }
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "before {}", &rest[..rest.len().min(80)]);
        } else {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn the_page_is_well_formed_and_fetches_nothing() {
    let html = page(&sample::audit());
    assert_well_formed(&html);
    for fetch in ["http://", "https://", "<script", "<link", "<img", "@import", "url("] {
        assert!(!html.contains(fetch), "{fetch}");
    }
    assert!(html.contains("prefers-color-scheme: dark"));
}

#[test]
fn every_loss_has_a_row_and_a_section() {
    let audit = sample::audit();
    let html = page(&audit);
    for loss in &audit.losses {
        assert_eq!(html.matches(&format!("<th scope=\"row\"><a href=\"#{}\">", loss.name)).count(), 1);
        assert_eq!(html.matches(&format!("<section id=\"{}\"", loss.name)).count(), 1);
    }
    assert_eq!(html.matches("<svg").count(), 4);
    assert!(html.contains("3 losses, checks: 1 failed, 1 undecided, 3 passed, 2 skipped."));
}

#[test]
fn a_failure_shows_all_that_is_needed_to_see_it_again() {
    let html = page(&sample::audit());
    for part in [
        "0x1.99999ap-4",
        "0x3dcccccd",
        "0.25000003",
        "1.00 ULP",
        "cargo verify broken --seed 42",
        "2 of 64 outputs differ",
        "<details class=\"finding failed\" open>",
        "<details class=\"finding undecided\"><summary><b>sum_is_sum_of_none</b>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.contains("&lt;b&gt;markup&lt;/b&gt; in its summary &amp; a"), "a summary is text, not markup");
}

#[test]
fn the_worst_input_is_on_the_figure() {
    let html = page(&sample::audit());
    assert!(html.contains(
        "title=\"value: worst at input = 0x1.fffffep-1, target = -0.25; 120000 points\">1.50 <small>/ 0.98</small>"
    ));
    assert!(html.contains("4 differ as declared"));
}

#[test]
fn the_written_json_is_the_audit() {
    let folder = std::env::temp_dir().join(format!("loss-verify-report-{}", std::process::id()));
    let audit = sample::audit();
    let report = Report::prepare(&folder.join("deep")).expect("a temporary folder can be written");
    report.write(&audit).expect("its files can be written");
    Report::prepare(&folder.join("deep")).expect("the folder may be there");
    let json = std::fs::read_to_string(&report.json).expect("it was written");
    assert_eq!(serde_json::from_str::<Audit>(&json).expect("it is JSON"), audit);
    assert_eq!(std::fs::read_to_string(&report.html).expect("it was written"), page(&audit));
    std::fs::remove_dir_all(&folder).expect("it can be removed");
}
