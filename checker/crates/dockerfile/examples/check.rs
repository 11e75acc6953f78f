//! `cargo run -p dockerfile --example check -- FILE…`: what BuildKit would refuse, one line a file.
use compose::Sources;
use dockerfile::{Request, parse};

fn main() {
    for path in std::env::args().skip(1) {
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => {
                println!("{path}\tunreadable: {error}");
                continue;
            }
        };
        let text = text.trim_start_matches('\u{feff}');
        let mut sources = Sources::new();
        let source = sources.add(&path, text);
        let dockerfile = parse(text, source);
        let mut findings = dockerfile.findings.clone();
        let (plan, wrong) = dockerfile.plan(&Request::default());
        findings.extend(wrong);
        findings.extend(
            plan.into_iter()
                .flat_map(|plan| plan.stages)
                .flat_map(|stage| stage.findings),
        );
        findings.sort_by_key(|finding| finding.span.map(|span| span.start));
        match findings.first() {
            None => println!("{path}\taccepted"),
            Some(finding) => {
                let line = finding.span.map_or(0, |span| sources.position(span).line);
                println!("{path}\t{line}\t{} {}", finding.code, finding.message);
            }
        }
    }
}
