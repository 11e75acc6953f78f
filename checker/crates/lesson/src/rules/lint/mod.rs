//! Rules that need no parameters and look at a whole project: what `checker lint` says. A lesson may use each of them, with
//! `rule: {name: no-privileged}` for all services or `with: {service: web}` for one.

mod allow;
mod credentials;
mod dockerfiles;
mod known;
mod read;

mod addresses_are_on_a_shared_network;
mod addresses_use_the_containers_port;
mod all_lasting_services_restart;
mod command_is_run_whole;
mod data_is_kept;
mod databases_are_ready_first;
mod downloads_are_checked;
mod entrypoint_takes_arguments;
mod files_are_not_open_to_all;
mod healthy_needs_a_health_check;
mod host_network_publishes_no_ports;
mod host_ports_are_published_once;
mod image_has_a_user;
mod image_has_a_version;
mod installs_before_sources;
mod least_rights;
mod limits_are_possible;
mod localhost_is_the_container;
mod logins_are_on;
mod logs_are_kept;
mod memory_is_limited;
mod no_default_credentials;
mod no_docker_socket;
mod no_host_namespaces;
mod no_obsolete_forms;
mod no_open_data_ports;
mod no_privileged;
mod no_raw_devices;
mod no_root_user;
mod no_secrets_in_the_file;
mod no_secrets_in_the_image;
mod no_strong_capabilities;
mod no_system_folders;
mod one_shot_may_end;
mod only_one_command_counts;
mod package_lists_are_removed;
mod packages_are_installed_from_fresh_lists;
mod probe_asks_a_known_route;
mod probe_asks_the_containers_port;
mod probe_can_fail;
mod probe_is_one_command;
mod probe_tool_is_in_the_image;
mod program_gets_signals;
mod queue_keeps_its_messages;
mod quotes_are_not_part_of_values;
mod run_leaves_something;
mod shell_gets_one_script;
mod system_call_filter_is_on;

use compose::{Service, Sources, Span};
use serde::Deserialize;
use serde_json::Value;

use super::{Rule, judged, parameters};
use crate::build::shown_path;
use crate::evidence::{Evidence, FilesSeen, SCHEMA_VERSION, WorldSeen};
use crate::scene::{Judged, Mismatch, Scene};
use crate::secrets::Mask;

/// A rule that looks at a whole project.
#[derive(Clone, Copy)]
pub struct Lint {
    /// Its name and documentation, and how a lesson uses it.
    pub rule: Rule,
    /// How much a finding matters.
    pub level: Level,
    /// What it finds, in any order.
    pub examine: fn(&Scene<'_>) -> Vec<Remark>,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth knowing; many projects live well with it.
    Note,
    /// A risk that somebody should have decided to take.
    Caution,
    /// It does not do what it says, or gives away what it should keep.
    Problem,
}

impl Level {
    /// `problem`, `caution` or `note`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Caution => "caution",
            Self::Problem => "problem",
        }
    }
}

/// What a rule found at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where the value is written; for what is missing, the name of the service.
    pub span: Span,
    /// What stands or happens there. It follows the names of the services, and never holds a secret.
    pub found: String,
    /// The services that it is about; none where it is about the whole file.
    pub services: Vec<String>,
    /// What to look at or do next, where it can be said better than the rule says it.
    pub next: Option<String>,
    /// Other places that belong to it, and what stands there.
    pub related: Vec<(Span, String)>,
    /// What it comes of, where the same cause may show in many places: then it is told once. May hold a secret.
    cause: Option<String>,
}

impl Remark {
    /// Something about one service.
    fn of(service: &Service<'_>, span: Span, found: impl Into<String>) -> Self {
        Self {
            services: vec![service.name().to_owned()],
            ..Self::of_file(span, found)
        }
    }

    /// Something about the whole file.
    fn of_file(span: Span, found: impl Into<String>) -> Self {
        Self {
            span,
            found: found.into(),
            services: Vec::new(),
            next: None,
            related: Vec::new(),
            cause: None,
        }
    }

    /// With a next step.
    fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// With another place.
    fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// Told once for every place that has the same cause.
    fn once(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

/// A remark and the rule that made it.
#[derive(Clone)]
pub struct Finding {
    /// The rule.
    pub lint: &'static Lint,
    /// What it found.
    pub remark: Remark,
}

impl Finding {
    /// What was found, in one sentence without a full stop: `web, worker: no memory limit`.
    pub fn headline(&self) -> String {
        let Remark {
            services, found, ..
        } = &self.remark;
        if services.is_empty() {
            return found.clone();
        }
        let names: Vec<_> = services.iter().map(|name| format!("`{name}`")).collect();
        format!("{}: {found}", names.join(", "))
    }

    /// What to do next, in whole sentences.
    pub fn next(&self) -> String {
        match &self.remark.next {
            Some(next) => sentence(next),
            None => self.lint.rule.mend.to_owned(),
        }
    }
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let rest = letters.as_str().trim_end_matches('.');
    format!("{}{rest}.", first.collect::<String>())
}

/// What came of looking at a project with many rules.
#[derive(Clone, Default)]
pub struct Looked {
    /// What was found, in the order of the files.
    pub findings: Vec<Finding>,
    /// How many findings a comment allows.
    pub allowed: usize,
    /// What Compose or BuildKit refuse.
    pub refused: Vec<compose::Finding>,
    /// The files with every secret painted over, for showing their lines. Places of findings lie in them.
    pub sources: Sources,
}

impl Looked {
    /// Hides what a secret may also stand in: a script that is told of, or the line of another value.
    fn hide(&mut self, mask: &mut Mask) {
        let mut hide = |text: &mut String| *text = mask.text(text);
        for Finding { remark, .. } in &mut self.findings {
            hide(&mut remark.found);
            remark.next.iter_mut().for_each(&mut hide);
            remark.related.iter_mut().for_each(|(_, label)| hide(label));
        }
        for finding in &mut self.refused {
            hide(&mut finding.message);
            hide(&mut finding.label);
            finding
                .related
                .iter_mut()
                .for_each(|(_, label)| hide(label));
            finding.expected.iter_mut().for_each(&mut hide);
            finding.help.iter_mut().for_each(&mut hide);
        }
        let mut sources = Sources::new();
        for (_, source) in self.sources.iter() {
            let mut text = source.text.clone();
            hide(&mut text);
            sources.add(source.path.clone(), text);
        }
        self.sources = sources;
    }
}

/// All rules that look at a whole project.
pub fn all() -> &'static [&'static Lint] {
    ALL
}

/// The rule of this name.
pub fn find(name: &str) -> Option<&'static Lint> {
    all().iter().copied().find(|lint| lint.rule.name == name)
}

static ALL: &[&Lint] = &[
    &addresses_are_on_a_shared_network::LINT,
    &addresses_use_the_containers_port::LINT,
    &all_lasting_services_restart::LINT,
    &allow::LINT,
    &command_is_run_whole::LINT,
    &data_is_kept::LINT,
    &databases_are_ready_first::LINT,
    &downloads_are_checked::LINT,
    &entrypoint_takes_arguments::LINT,
    &files_are_not_open_to_all::LINT,
    &healthy_needs_a_health_check::LINT,
    &host_network_publishes_no_ports::LINT,
    &host_ports_are_published_once::LINT,
    &image_has_a_user::LINT,
    &image_has_a_version::LINT,
    &installs_before_sources::LINT,
    &least_rights::LINT,
    &limits_are_possible::LINT,
    &localhost_is_the_container::LINT,
    &logins_are_on::LINT,
    &logs_are_kept::LINT,
    &memory_is_limited::LINT,
    &no_default_credentials::LINT,
    &no_docker_socket::LINT,
    &no_host_namespaces::LINT,
    &no_obsolete_forms::LINT,
    &no_open_data_ports::LINT,
    &no_privileged::LINT,
    &no_raw_devices::LINT,
    &no_root_user::LINT,
    &no_secrets_in_the_file::LINT,
    &no_secrets_in_the_image::LINT,
    &no_strong_capabilities::LINT,
    &no_system_folders::LINT,
    &one_shot_may_end::LINT,
    &only_one_command_counts::LINT,
    &package_lists_are_removed::LINT,
    &packages_are_installed_from_fresh_lists::LINT,
    &probe_asks_a_known_route::LINT,
    &probe_asks_the_containers_port::LINT,
    &probe_can_fail::LINT,
    &probe_is_one_command::LINT,
    &probe_tool_is_in_the_image::LINT,
    &program_gets_signals::LINT,
    &queue_keeps_its_messages::LINT,
    &quotes_are_not_part_of_values::LINT,
    &run_leaves_something::LINT,
    &shell_gets_one_script::LINT,
    &system_call_filter_is_on::LINT,
];

/// Looks at a project with the rules that are `chosen`, and leaves out what a comment in its files allows. Of a project that
/// Compose refuses nothing can be said but that.
pub fn look_at(files: FilesSeen, chosen: &dyn Fn(&Lint) -> bool) -> Looked {
    let evidence = Evidence {
        schema_version: SCHEMA_VERSION,
        lesson: String::new(),
        at: jiff::Timestamp::UNIX_EPOCH,
        files,
        world: WorldSeen::default(),
    };
    let loaded = crate::load(&evidence);
    let scene = Scene {
        evidence: &evidence,
        loaded: &loaded,
    };
    let mut looked = look(&scene, chosen);
    let mut sources = Sources::new();
    for (_, source) in loaded.sources.iter() {
        sources.add(shown_path(&source.path), source.text.clone());
    }
    looked.sources = sources;
    looked.refused = loaded.errors().cloned().collect();
    for service in read::services(&scene) {
        let refused = scene
            .recipe(&service)
            .into_iter()
            .flat_map(|recipe| recipe.refused);
        for finding in refused {
            // Several services may build from one Dockerfile.
            if !looked.refused.contains(&finding) {
                looked.refused.push(finding);
            }
        }
    }
    looked.hide(&mut Mask::of(&loaded));
    looked
}

fn look(scene: &Scene<'_>, chosen: &dyn Fn(&Lint) -> bool) -> Looked {
    let sources = &scene.loaded.sources;
    let mut comments = allow::Comments::of(sources);
    let mut looked = Looked::default();
    for lint in all().iter().copied().filter(|lint| chosen(lint)) {
        let mut remarks = (lint.examine)(scene);
        let before = remarks.len();
        remarks.retain(|remark| !comments.allow(scene, lint, remark));
        looked.allowed += before - remarks.len();
        let findings = told_once(remarks, sources).into_iter();
        looked
            .findings
            .extend(findings.map(|remark| Finding { lint, remark }));
    }
    if chosen(&allow::LINT) {
        let remarks = comments.unusable(chosen).into_iter();
        looked.findings.extend(remarks.map(|remark| Finding {
            lint: &allow::LINT,
            remark,
        }));
    }
    looked.findings.sort_by_key(|finding| {
        let Span { source, start, .. } = finding.remark.span;
        (source, start, std::cmp::Reverse(finding.lint.level))
    });
    looked
}

/// One remark a cause: a value that many services share through an anchor, or what is missing everywhere, is told once.
fn told_once(remarks: Vec<Remark>, sources: &Sources) -> Vec<Remark> {
    let mut told: Vec<Remark> = Vec::new();
    for remark in remarks {
        let same = told.iter_mut().find(|earlier| {
            let same_place = earlier.span == remark.span && earlier.found == remark.found;
            same_place || (earlier.cause.is_some() && earlier.cause == remark.cause)
        });
        let Some(same) = same else {
            told.push(remark);
            continue;
        };
        // A related place in the middle of the first one would be drawn over it.
        let is_new = |span: Span| {
            span != same.span && sources.position(span).line != sources.position(same.span).line
        };
        if is_new(remark.span) && !same.related.iter().any(|(span, _)| *span == remark.span) {
            same.related.push((remark.span, String::new()));
        }
        for service in remark.services {
            if !same.services.contains(&service) {
                same.services.push(service);
            }
        }
    }
    told
}

/// What a lesson may give.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneService {
    /// The only service that is looked at.
    service: Option<String>,
}

/// Whether a lesson's parameters can be read.
fn accepts(with: &Value) -> Result<(), String> {
    parameters::<OneService>(with).map(drop)
}

/// How a lesson uses the rule: it holds where nothing is found.
fn in_lesson(lint: &'static Lint, scene: &Scene<'_>, with: &Value) -> Judged {
    judged(with, |OneService { service }| {
        if let Some(name) = service
            .as_deref()
            .filter(|name| scene.service(name).is_none())
        {
            return Judged::not_seen(
                format!("there is no service `{name}`"),
                "look at the names under `services:`",
            );
        }
        let mut remarks = (lint.examine)(scene);
        remarks.retain(|remark| {
            let is_about = |name| remark.services.contains(name);
            service.as_ref().is_none_or(is_about)
        });
        let remarks = told_once(remarks, &scene.loaded.sources).into_iter();
        Judged::from_mismatches(
            remarks
                .map(|remark| {
                    let spot = scene.spot(remark.span);
                    let finding = Finding { lint, remark };
                    Mismatch::new(spot, finding.headline(), lint.rule.what).next(finding.next())
                })
                .collect(),
        )
    })
}

#[cfg(test)]
mod testing {
    //! Examples for these rules: a compose file in, headlines out.

    use super::{Lint, look};

    /// What a rule says of a file, in the order of the file.
    pub fn said(lint: &'static Lint, compose: &str) -> Vec<String> {
        crate::testing::look_at_file(compose, |scene| {
            assert!(
                scene.project().is_some(),
                "the example loads: {:?}",
                scene.loaded.findings
            );
            let looked = look(scene, &|chosen| chosen.rule.name == lint.rule.name);
            let findings = looked.findings.iter();
            findings.map(super::Finding::headline).collect()
        })
    }

    /// Fails unless the rule says one thing about a service with these keys, and with these words.
    #[track_caller]
    pub fn finds(lint: &'static Lint, service: &str, words: &str) {
        finds_in(
            lint,
            &format!("services: {{web: {{image: x, {service}}}}}"),
            words,
        );
    }

    /// Fails unless the rule has nothing to say about a service with these keys.
    #[track_caller]
    pub fn silent(lint: &'static Lint, service: &str) {
        silent_in(lint, &format!("services: {{web: {{image: x, {service}}}}}"));
    }

    /// What a rule says of a Dockerfile.
    fn said_of_built(lint: &'static Lint, dockerfile: &str) -> Vec<String> {
        let compose = "services: {web: {build: .}}";
        crate::testing::look_at_all(compose, &[("Dockerfile", dockerfile)], |scene| {
            let service = scene.service("web").expect("the service");
            let refused = scene.recipe(&service).expect("a Dockerfile").refused;
            assert!(refused.is_empty(), "{refused:?}");
            let looked = look(scene, &|chosen| chosen.rule.name == lint.rule.name);
            let findings = looked.findings.iter();
            findings.map(super::Finding::headline).collect()
        })
    }

    /// Fails unless the rule says one thing about the Dockerfile, and with these words.
    #[track_caller]
    pub fn finds_built(lint: &'static Lint, dockerfile: &str, words: &str) {
        let said = said_of_built(lint, dockerfile);
        assert!(
            said.len() == 1 && said[0].contains(words),
            "{said:?} instead of {words:?} about\n{dockerfile}"
        );
    }

    /// Fails unless the rule has nothing to say about the Dockerfile.
    #[track_caller]
    pub fn silent_built(lint: &'static Lint, dockerfile: &str) {
        let said = said_of_built(lint, dockerfile);
        assert_eq!(said, Vec::<String>::new(), "about\n{dockerfile}");
    }

    /// Fails unless the rule says one thing about the file, and with these words.
    #[track_caller]
    pub fn finds_in(lint: &'static Lint, compose: &str, words: &str) {
        let said = said(lint, compose);
        assert!(
            said.len() == 1 && said[0].contains(words),
            "{said:?} instead of {words:?} about\n{compose}"
        );
    }

    /// Fails unless the rule has nothing to say about a file that Compose refuses.
    #[track_caller]
    pub fn silent_in_refused(lint: &'static Lint, compose: &str) {
        let said = crate::testing::look_at_file(compose, |scene| {
            assert!(scene.project().is_none(), "Compose takes\n{compose}");
            let looked = look(scene, &|chosen| chosen.rule.name == lint.rule.name);
            let findings = looked.findings.iter();
            findings.map(super::Finding::headline).collect::<Vec<_>>()
        });
        assert_eq!(said, Vec::<String>::new(), "about\n{compose}");
    }

    /// Fails unless the rule has nothing to say about the file.
    #[track_caller]
    pub fn silent_in(lint: &'static Lint, compose: &str) {
        assert_eq!(
            said(lint, compose),
            Vec::<String>::new(),
            "about\n{compose}"
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{all, testing::said};
    use crate::evidence::{FileSeen, FilesSeen};
    use crate::testing::{finds, holds, on_file};

    #[test]
    fn names_are_in_order_and_stand_once() {
        let mut names: Vec<_> = crate::rules::all().map(|rule| rule.name).collect();
        names.sort_unstable();
        names
            .windows(2)
            .for_each(|pair| assert_ne!(pair[0], pair[1]));
    }

    #[test]
    fn documentation_is_whole_sentences() {
        for lint in all() {
            let rule = &lint.rule;
            for text in [rule.what, rule.why, rule.mend, rule.leave] {
                assert!(text.ends_with('.'), "{}: {text}", rule.name);
            }
        }
    }

    #[test]
    fn what_one_anchor_says_for_many_services_is_told_once() {
        let compose = "x-all: &all {image: x, privileged: true}\nservices:\n  a: {<<: *all}\n  b: {<<: *all}\n";
        let said = said(&super::no_privileged::LINT, compose);
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("`a`, `b`: "), "{said:?}");
    }

    /// The files of a project as they are shown beside findings.
    fn shown(compose: &str) -> String {
        let mut files = FilesSeen {
            folder_name: "test".to_owned(),
            ..FilesSeen::default()
        };
        let text = FileSeen::Text(compose.to_owned());
        files.files.insert("compose.yaml".to_owned(), text);
        let looked = super::look_at(files, &|_| true);
        let sources = looked.sources.iter();
        sources.map(|(_, source)| source.text.as_str()).collect()
    }

    #[test]
    fn what_is_shown_holds_no_secret_and_every_column_stays() {
        let compose = "# kite-battery-9\nservices:\n  web:\n    image: x\n    environment:\n      - A_PASSWORD=kite-battery-9\n      - B_PASS=pw1\n      - URL=a://u:pw2@h\n";
        let shown = shown(compose);
        assert_eq!(shown.len(), compose.len());
        for secret in ["kite", "pw1", "pw2"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn other_spellings_of_a_secret_are_hidden_too() {
        let shown = shown(
            "services: {web: {image: x, environment: {A_PASSWORD: \"\\x70a$$word12\", B_PASSWORD: 0123456700}}}",
        );
        assert!(
            !shown.contains("word12") && !shown.contains("1234567"),
            "{shown}"
        );
    }

    #[test]
    fn a_file_that_is_refused_keeps_its_secrets_as_well() {
        let compose = "services:\n  web:\n    imagee: x\n    environment:\n      A_PASSWORD: \"kite-battery-9\"\n";
        let shown = shown(compose);
        assert!(
            !shown.contains("kite") && shown.len() == compose.len(),
            "{shown}"
        );
    }

    #[test]
    fn a_name_that_is_a_password_too_stays_readable() {
        let shown = shown(
            "services: {wordpress: {image: wordpress, environment: {DB_PASSWORD: wordpress}}}",
        );
        assert!(
            shown.contains("image: wordpress") && !shown.contains("DB_PASSWORD: wordpress"),
            "{shown}"
        );
    }

    #[test]
    fn a_lesson_may_use_each_rule_for_one_service_or_all() {
        let compose = "services: {a: {image: x, privileged: true}, b: {image: x}}";
        let judge = |with| on_file("no-privileged", with, compose);
        finds(judge(json!({})), "privileged");
        finds(judge(json!({"service": "a"})), "privileged");
        holds(judge(json!({"service": "b"})));
    }
}
