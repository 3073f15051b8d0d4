use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Report, loss, page};
use crate::audit::{Audit, sample};

/// A page as XML: every element that is opened is closed, every attribute is quoted, all text is escaped.
fn parsed(html: &str) -> String {
    let xml = html.replacen("<!doctype html>", "", 1);
    // The elements that HTML does not close.
    let mut xml = xml.replace("<br>", "<br/>");
    let mut from = 0;
    while let Some(at) = xml[from..].find("<meta") {
        let end = from + at + xml[from + at..].find('>').expect("a tag ends");
        xml.insert(end, '/');
        from = end;
    }
    let xml = xml.replace("<details class=\"finding failed\" open>", "<details class=\"finding failed\" open=\"\">");
    if let Err(error) = roxmltree::Document::parse(&xml) {
        panic!("{error}: {}", &xml[..xml.len().min(2_000)]);
    }
    xml
}

/// A folder of its own, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("loss-verify-report-{name}-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("it can be removed");
    }
}

/// The pages of an audit: the table, then each loss.
fn pages(audit: &Audit) -> Vec<String> {
    std::iter::once(page(audit)).chain(audit.losses.iter().map(|record| loss::page(audit, record))).collect()
}

#[test]
fn every_page_is_well_formed_and_fetches_nothing() {
    for html in pages(&sample::audit()) {
        parsed(&html);
        for fetch in ["http://", "https://", "<script", "<link", "<img", "@import", "url("] {
            assert!(!html.contains(fetch), "{fetch}");
        }
        assert!(html.contains("prefers-color-scheme: dark"));
    }
}

#[test]
fn every_table_and_drawing_can_be_read_aloud() {
    for html in pages(&sample::audit()) {
        let xml = parsed(&html);
        let document = roxmltree::Document::parse(&xml).expect("it is well-formed");
        let elements = |name: &'static str| document.descendants().filter(move |node| node.has_tag_name(name));
        for table in elements("table") {
            let heads: Vec<_> = table.descendants().filter(|node| node.has_tag_name("th")).collect();
            assert!(!heads.is_empty() && heads.iter().all(|head| head.has_attribute("scope")), "{table:?}");
        }
        for drawing in elements("svg").filter(|node| node.has_attribute("role")) {
            let title = drawing.first_element_child().expect("it has a title");
            assert!(title.has_tag_name("title") && title.text().is_some_and(|text| !text.is_empty()));
        }
        assert_eq!(elements("h1").count(), 1);
    }
}

#[test]
fn every_loss_has_a_row_and_a_page_and_every_link_leads_somewhere() {
    let (audit, folder) = (sample::audit(), Folder::new("links"));
    let report = Report::prepare(&folder.0).expect("a temporary folder can be written");
    report.write(&audit).expect("its files can be written");
    let index = fs::read_to_string(&report.html).expect("it was written");
    for loss in &audit.losses {
        let link = format!("<th scope=\"row\"><a href=\"losses/{}.html\">", loss.name);
        assert_eq!(index.matches(&link).count(), 1, "{link}");
    }
    assert!(index.contains("3 losses, checks: 1 failed, 1 undecided, 3 passed, 2 skipped."));
    let mut files: Vec<PathBuf> =
        audit.losses.iter().map(|loss| report.losses.join(format!("{}.html", loss.name))).collect();
    files.push(report.html.clone());
    for file in &files {
        let html = fs::read_to_string(file).expect("every page is there");
        let ids: BTreeSet<&str> = attributes(&html, "id").collect();
        for link in attributes(&html, "href") {
            match link.strip_prefix('#') {
                Some(id) => assert!(ids.contains(id), "{link} in {}", file.display()),
                None => {
                    assert!(file.parent().unwrap_or(Path::new("")).join(link).exists(), "{link} in {}", file.display())
                }
            }
        }
    }
}

fn attributes<'h>(html: &'h str, name: &str) -> impl Iterator<Item = &'h str> {
    let start = format!(" {name}=\"");
    html.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>().into_iter()
}

#[test]
fn pages_of_losses_that_were_not_looked_at_are_removed() {
    let (mut audit, folder) = (sample::audit(), Folder::new("stale"));
    let report = Report::prepare(&folder.0).expect("a temporary folder can be written");
    report.write(&audit).expect("its files can be written");
    fs::write(report.losses.join("notes.html"), "<!doctype html>mine").expect("it can be written");
    let gone = audit.losses.pop().expect("there are three");
    report.write(&audit).expect("its files can be written");
    assert!(!report.losses.join(format!("{}.html", gone.name)).exists());
    assert!(report.losses.join("notes.html").exists(), "what somebody else wrote is left alone");
}

#[test]
fn a_page_shows_formulas_curves_errors_faults_and_how_to_see_each_check_again() {
    let audit = sample::audit();
    let html = loss::page(&audit, &audit.losses[0]);
    assert_eq!(
        html.matches("<math display=\"block\">").count(),
        5,
        "three definitions, a gradient, and what it shares"
    );
    assert_eq!(html.matches("<figure class=\"plot\">").count(), 2);
    assert_eq!(html.matches("<figure class=\"plot errors\">").count(), 1);
    assert_eq!(html.matches("<polyline class=\"curvature\"").count(), 4, "{html}");
    for part in [
        "swap `&lt;` and `&lt;=`: both cases agree at the knot",
        "sum_is_sum_of_none: 2",
        "97.6 %",
        "cargo verify bent --seed 42 --points 1000 --check sum_is_sum_of_none",
        "4 differ as declared",
        "<a rel=\"next\" href=\"open_question.html\">",
    ] {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn a_failure_shows_all_that_is_needed_to_see_it_again() {
    let audit = sample::audit();
    let html = loss::page(&audit, &audit.losses[2]);
    for part in [
        "0x1.99999ap-4",
        "0x3dcccccd",
        "0.25000003",
        "1.00 ULP",
        "cargo verify broken --seed 42",
        "2 of 64 outputs differ",
        "<details class=\"finding failed\" open>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.contains("&lt;b&gt;markup&lt;/b&gt; in its summary &amp; a"), "a summary is text, not markup");
    let open = loss::page(&audit, &audit.losses[1]);
    assert!(open.contains("<details class=\"finding undecided\"><summary><b>sum_is_sum_of_none</b>"));
    let index = page(&audit);
    assert!(
        index.contains("<a href=\"losses/broken.html\">broken</a> <code>threads_agree</code> 2 of 64 outputs differ")
    );
}

#[test]
fn the_worst_input_is_on_the_figure() {
    let html = page(&sample::audit());
    assert!(html.contains(
        "title=\"value: worst at input = 0x1.fffffep-1, target = -0.25; 120000 points\">1.50 <small>/ 0.98</small>"
    ));
}

#[test]
fn the_written_json_is_the_audit() {
    let (audit, folder) = (sample::audit(), Folder::new("json"));
    let report = Report::prepare(&folder.0.join("deep")).expect("a temporary folder can be written");
    report.write(&audit).expect("its files can be written");
    Report::prepare(&folder.0.join("deep")).expect("the folder may be there");
    let json = fs::read_to_string(&report.json).expect("it was written");
    assert_eq!(serde_json::from_str::<Audit>(&json).expect("it is JSON"), audit);
    assert_eq!(fs::read_to_string(&report.html).expect("it was written"), page(&audit));
}
