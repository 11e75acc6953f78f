//! What has to hold for any input at all. The fuzz targets and the test that replays what they found share it.

// Each target uses one half.
#![allow(dead_code)]

use std::collections::BTreeMap;

use compose::render::{self, Style};
use compose::tree::{self, Limits};
use compose::{
    Finding, Loaded, MemoryReader, Node, Request, Sources, Span, Step, Value, VariableOrigin,
};

/// Any text is a tree or is refused, and everything that is said about it has a place inside it.
pub fn tree(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let mut sources = Sources::new();
    let source = sources.add("compose.yaml", text);
    match tree::parse_documents(source, text, Limits::default()) {
        Ok(documents) => documents.iter().for_each(|node| nodes(node, &sources)),
        Err(findings) => {
            assert!(!findings.is_empty(), "refused for no reason");
            findings.iter().for_each(|one| finding(one, &sources));
        }
    }
}

/// Any project is a model or is refused; whatever is refused for its content names the place.
pub fn load(input: &[u8]) -> Loaded {
    let (reader, request) = project(input);
    let loaded = compose::load(&reader, &request);
    assert_eq!(
        loaded.project.is_none(),
        loaded.errors().next().is_some(),
        "a project, or errors: {:?}",
        loaded.findings
    );
    for one in &loaded.findings {
        finding(one, &loaded.sources);
        assert!(
            one.span.is_some() || !one.is_error() || may_lack_place(one, &request),
            "{one:?}"
        );
    }
    if let Some(project) = &loaded.project {
        nodes(project.root(), &loaded.sources);
        let json = project.to_json();
        serde_json::to_string(&json).expect("JSON can be written");
    }
    loaded
}

/// What was asked for from outside stands in no file: names that the shell gives, and files that are looked for.
fn may_lack_place(finding: &Finding, request: &Request) -> bool {
    let shell_sets = |name| request.environment.contains_key(name);
    match finding.code {
        "no-compose-file" | "file-is-folder" => true,
        "file-not-found" => shell_sets("COMPOSE_FILE") || shell_sets("COMPOSE_ENV_FILES"),
        "bad-project-name" => shell_sets("COMPOSE_PROJECT_NAME"),
        _ => false,
    }
}

/// One input is a whole project: the text of `compose.yaml`, then other files, each after a line `#>> path`. A file called
/// `environment` holds the shell's variables; `PWD` is the project's folder. Any Compose file is an input as it is.
fn project(input: &[u8]) -> (MemoryReader, Request) {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut path = "compose.yaml".to_string();
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_prefix(b"#>> ") {
            Some(name) => path = String::from_utf8_lossy(name).trim().to_string(),
            None => files.entry(path.clone()).or_default().extend(line),
        }
    }
    let environment: BTreeMap<String, String> = files
        .remove("environment")
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    let request = Request {
        folder_name: "shop".into(),
        project_directory: environment.get("PWD").cloned().unwrap_or_default(),
        environment,
        ..Request::default()
    };
    (MemoryReader(files), request)
}

fn nodes(node: &Node, sources: &Sources) {
    span(node.span(), sources);
    for step in node.origin.steps.iter() {
        match step {
            Step::MergedOver { previous: at }
            | Step::Alias { used: at }
            | Step::MergeKey { used: at }
            | Step::Extended { at, .. }
            | Step::Included { at }
            | Step::Interpolated {
                from: VariableOrigin::File(at),
                ..
            } => span(*at, sources),
            _ => {}
        }
    }
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| nodes(item, sources)),
        Value::Mapping(mapping) => mapping.iter().for_each(|(_, entry)| {
            span(entry.key_span, sources);
            nodes(&entry.value, sources);
        }),
        _ => {}
    }
}

fn finding(finding: &Finding, sources: &Sources) {
    assert!(!finding.message.is_empty(), "{finding:?}");
    for at in finding
        .span
        .into_iter()
        .chain(finding.related.iter().map(|(at, _)| *at))
    {
        span(at, sources);
        sources.position(at);
        sources.end_position(at);
        sources.line_text(at);
    }
    for style in [Style::Plain, Style::Coloured] {
        assert!(!render::finding(finding, sources, style).is_empty());
    }
}

fn span(span: Span, sources: &Sources) {
    let text = &sources.get(span.source).text;
    let (start, end) = (span.start as usize, span.end as usize);
    assert!(
        start <= end && text.get(start..end).is_some(),
        "{span:?} is no stretch of a text of {} bytes",
        text.len()
    );
}
