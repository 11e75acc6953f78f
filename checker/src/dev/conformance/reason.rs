//! Why Compose refuses a project, read from the text of its error, and whether a finding says the same of the same key.

use compose::{Finding, Loaded};

/// A class of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    UnknownKey,
    WrongType,
    /// The right type with a content that means nothing there.
    BadValue,
    OutOfRange,
    /// An item that stands twice in a list.
    Repeated,
    MissingKey,
    UndefinedService,
    UndefinedNetwork,
    UndefinedVolume,
    UndefinedConfig,
    UndefinedSecret,
    UndefinedModel,
    DependencyCycle,
    ExtendsCycle,
    IncludeCycle,
    /// An alias of a value inside this value.
    AliasCycle,
    /// Keys that exclude each other, or say different things.
    Conflict,
    IncludeConflict,
    CannotMerge,
    InterpolationSyntax,
    RequiredVariable,
    DuplicateKey,
    KeyNotText,
    YamlSyntax,
    /// A file that is no text.
    TextEncoding,
    VariableFile,
    Empty,
    ProjectName,
    /// A file that cannot be read: nothing that is written in a file.
    MissingFile,
    /// Compose gave up, or could not print what it had loaded.
    ComposeFailed,
    /// A text that no line of [`TEXTS`] knows.
    Unread,
}

/// What Compose says, the class it belongs to, and the key it names. `{…}` stands for any text, the shortest that fits.
/// Of several classes the first is what the text says; where a value may be a text or a mapping, and is a mapping without a key
/// that it needs, Compose says that it must be a text, and it misses a target that is no text.
/// In a key `*` is one step and a leading `**` any number of them; `{keys}` are several, each a key of its own.
/// The first line that fits counts. Source: compose-go 2.9.1 and the schema library it uses.
#[rustfmt::skip]
const TEXTS: &[(&str, &[Class], &str)] = {
    use Class::*;
    &[
        ("panic: {rest}", &[ComposeFailed], ""),
        ("runtime: out of memory{rest}", &[ComposeFailed], ""),
        ("fatal error: {rest}", &[ComposeFailed], ""),
        ("json: {rest}", &[ComposeFailed], ""),
        ("TIMEOUT", &[ComposeFailed], ""),
        // The schema.
        ("validating {file}: {at} additional properties {keys} not allowed", &[UnknownKey], "{at}.{keys}"),
        ("validating {file}: {at} missing property {keys}", &[MissingKey], "{at}"),
        ("validating {file}: {at} missing properties {keys}", &[MissingKey], "{at}"),
        ("validating {file}: {at} must be greater than {number}", &[OutOfRange], "{at}"),
        ("validating {file}: {at} must be less than {number}", &[OutOfRange], "{at}"),
        ("validating {file}: {at} must be a {types}", &[WrongType, MissingKey, Repeated, OutOfRange], "{at}"),
        ("validating {file}: {at} value must be {values}", &[BadValue], "{at}"),
        ("validating {file}: {at} items at {one} and {two} are equal", &[Repeated], "{at}"),
        ("validating {file}: {at} {text} does not match pattern {pattern}", &[BadValue], "{at}"),
        ("validating {file}: {at} {text} is not valid {format}: {why}", &[BadValue], "{at}"),
        ("validating {file}: {at} invalid jsonType {type}", &[WrongType], "{at}"),
        ("validating {file}: {at} minItems: {numbers}", &[BadValue], "{at}"),
        ("validating {file}: {at} maxItems: {numbers}", &[BadValue], "{at}"),
        // Reading YAML.
        ("{before}mapping key {key} already defined at line {line}", &[DuplicateKey], "**.{key}"),
        ("{before}invalid map key: {key}", &[KeyNotText], ""),
        ("non-string key at top level: {key}", &[KeyNotText], "{key}"),
        ("non-string key in {at}: {key}", &[KeyNotText], "{at}.{key}"),
        ("{before}cycle detected: node at path {at} references node at path {outer}", &[AliasCycle], "{outer}"),
        ("{before}cannot unmarshal {node} into {type}", &[WrongType], ""),
        ("{before}map merge requires map {rest}", &[YamlSyntax], ""),
        // Between braces our reader may get further, to a key that is no text.
        ("failed to parse {file}: yaml: {rest}", &[YamlSyntax, TextEncoding, KeyNotText], ""),
        ("yaml: {rest}", &[YamlSyntax, TextEncoding, KeyNotText], ""),
        ("top-level object must be a mapping", &[WrongType], ""),
        ("empty compose file", &[Empty], ""),
        // Variables.
        ("invalid interpolation format for {at}.\n{rest}", &[InterpolationSyntax], "{at}"),
        ("error while interpolating {at}: required variable {name} is missing a value{why}", &[RequiredVariable], "{at}"),
        ("error while interpolating {at}: {why}", &[BadValue], "{at}"),
        ("failed to read {file}: {why}", &[VariableFile, InterpolationSyntax, RequiredVariable, TextEncoding], ""),
        ("failed to parse env_file {file}: {why}", &[VariableFile], ""),
        ("unsupported env_file format {format}", &[BadValue], "services.*.env_file"),
        // Other files.
        ("include cycle detected:{files}", &[IncludeCycle], ""),
        ("{at} conflicts with imported resource", &[IncludeConflict], "{at}"),
        ("open {file}: {why}", &[MissingFile], ""),
        ("stat {file}: {why}", &[MissingFile], ""),
        ("read {file}: {why}", &[MissingFile], ""),
        ("env file {file} not found: {why}", &[MissingFile], ""),
        ("label file {file} not found: {why}", &[MissingFile], ""),
        ("couldn't find env file: {file}", &[MissingFile], ""),
        ("no configuration file provided: {why}", &[MissingFile], ""),
        ("cannot read {file}", &[MissingFile], ""),
        ("{file} is not a file", &[MissingFile], ""),
        ("{file} is a directory", &[MissingFile], ""),
        ("extends.{service}.service is required", &[MissingKey, WrongType], "services.{service}.extends"),
        ("cannot extend service {service} in {file}: service {other} not found{where}", &[UndefinedService, WrongType], "services.{service}.extends"),
        ("cannot extend service {service} in {file}: {why}", &[UndefinedService, WrongType], "services.{service}.extends"),
        ("Circular reference:{rest}", &[ExtendsCycle], ""),
        ("circular reference {rest}", &[ExtendsCycle], ""),
        // Types, and values that are written in a short form.
        ("services must be a mapping", &[WrongType], "services"),
        ("services.{service} must be a mapping", &[WrongType], "services.{service}"),
        ("`include` must be a list, got{value}", &[WrongType], "include"),
        ("cannot override {at}", &[CannotMerge], "{at}"),
        ("{at}: unexpected type {type}", &[WrongType], "{at}"),
        ("unexpected type {type}", &[WrongType], ""),
        ("{at}: unsupported type {type}", &[WrongType], "{at}"),
        ("{at}: unsupported value {value}", &[WrongType], "{at}"),
        ("{at}: unsupported expose value {value}", &[WrongType], "{at}"),
        ("{at}: invalid type {type} for {what}", &[WrongType, BadValue], "{at}"),
        ("{at}: invalid type {type}", &[WrongType], "{at}"),
        ("{at}: invalid value {value}, expected key=value", &[BadValue], "{at}"),
        ("{at}: invalid ip address: {text}", &[BadValue], "{at}"),
        ("{at}: value can't be blank", &[MissingKey], "{at}"),
        ("service {what} {at} is missing a mount target", &[MissingKey, WrongType], "{at}"),
        ("service ports {at} is missing a target port", &[MissingKey, BadValue], "{at}"),
        ("environment path attribute {at} is missing", &[MissingKey], "{at}"),
        ("invalid mount config for type {type}: field Source must not be empty", &[MissingKey], "services.*.volumes"),
        ("invalid spec: {spec}: {why}", &[BadValue], "services.*.volumes"),
        ("invalid empty volume spec", &[BadValue], "services.*.volumes"),
        ("Invalid {what}: {text}", &[BadValue], "services.*.ports"),
        ("Invalid ranges specified for container and host Ports: {ranges}", &[BadValue], "services.*.ports"),
        ("Invalid ip address {text}: {why}", &[BadValue], "services.*.ports"),
        ("No port specified: {text}", &[BadValue], "services.*.ports"),
        ("invalid ssh key {text}", &[BadValue], "services.*.build.ssh"),
        ("invalid ssh key type {type}", &[WrongType], "services.*.build.ssh"),
        ("confusing device mapping, please use long syntax: {text}", &[BadValue], "services.*.devices"),
        ("{before}healthcheck.test must start either by {words}", &[BadValue], "services.*.healthcheck.test"),
        // Decoding into Compose's own types; each line has a key in quotes.
        ("'{at}' environment variable {name} is declared with a trailing space", &[BadValue], "{at}"),
        ("'{at}' expected type {type}, got {other}", &[WrongType], "{at}"),
        ("'{at}' expected a {type}, got {other}", &[WrongType], "{at}"),
        ("'{at}' source data must be {type}, got {other}", &[WrongType], "{at}"),
        ("'{at}' invalid type {type} for {what}", &[WrongType], "{at}"),
        ("'{at}' unexpected value type {type}", &[WrongType], "{at}"),
        ("'{at}' cannot parse value as {type}: {why}", &[BadValue, OutOfRange], "{at}"),
        ("'{at}' {why}", &[BadValue], "{at}"),
        // The whole project.
        ("dependency cycle detected: {services}", &[DependencyCycle], "services.{services}"),
        ("service {service} has neither an image nor a build context specified{rest}", &[MissingKey], "services.{service}"),
        ("service {service} refers to undefined network {name}: invalid {rest}", &[UndefinedNetwork], "services.{service}.networks.{name}"),
        ("service {service} refers to undefined volume {name}: invalid {rest}", &[UndefinedVolume], "services.{service}.volumes"),
        ("service {service} refers to undefined build secret {name}: invalid {rest}", &[UndefinedSecret], "services.{service}.build.secrets"),
        ("service {service} refers to undefined config {name}: invalid {rest}", &[UndefinedConfig], "services.{service}.configs"),
        ("service {service} refers to undefined secret {name}: invalid {rest}", &[UndefinedSecret], "services.{service}.secrets"),
        ("service {service} refers to undefined model {name}: invalid {rest}", &[UndefinedModel], "services.{service}.models.{name}"),
        ("service {service} depends on undefined service {name}: invalid {rest}", &[UndefinedService], "services.{service}"),
        ("service {other} not found for network_mode {mode}", &[UndefinedService], "services.*.network_mode"),
        ("service {service} depends on unknown service {name}", &[UndefinedService], "services.{service}"),
        ("service {other} is required by {service} but is disabled. {help}", &[UndefinedService], "services.{service}"),
        ("service {service} declares unknown service {name} as additional contexts {context}", &[UndefinedService], "services.{service}.build.additional_contexts.{context}"),
        ("service {service} declares non-buildable service {name} as additional contexts {context}", &[UndefinedService], "services.{service}.build.additional_contexts.{context}"),
        ("service {service} declares mutualy exclusive dockerfile and dockerfile_inline{rest}", &[Conflict], "services.{service}.build"),
        ("service {service} declares mutually exclusive `network_mode` and `networks`{rest}", &[Conflict], "services.{service}.network_mode"),
        ("service.build.platforms MUST include service.platform {rest}", &[Conflict], "services.*.platform"),
        ("services.{service}: container name {name} is already in use by service {other}", &[Conflict], "services.*.container_name"),
        ("services.{service}: can't set distinct values on {one} and {two}: {rest}", &[Conflict], "services.{service}"),
        ("services.{at}: can't set container_name and {at} as container name must be unique{rest}", &[Conflict], "services.*.container_name"),
        ("services.{at}: must be greater than {number}", &[OutOfRange], "services.{at}"),
        ("services.{service}.develop.watch: target is required {rest}", &[MissingKey], "services.{service}.develop.watch"),
        ("{at}: target {target} already mounted as {other}", &[Conflict], "{at}"),
        ("secret {name} must declare either `file` or `environment`{rest}", &[MissingKey], "secrets.{name}"),
        ("{at}: {names} attributes are mutually exclusive", &[Conflict], "{at}"),
        ("{at}: one of {names} must be set", &[MissingKey], "{at}"),
        ("{at}: \"count\" and \"device_ids\" attributes are exclusive", &[Conflict], "{at}"),
        ("{at}: conflicting parameters \"external\" and {key} specified", &[Conflict], "{at}.{key}"),
        ("{at}: name and external.name conflict; only use name", &[Conflict], "{at}"),
        ("{before}nvalid project name {name}: {rest}", &[ProjectName], ""),
        ("project name must not be empty", &[ProjectName], ""),
    ]
};

/// Which class each of our codes belongs to.
const CODES: &[(Class, &[&str])] = {
    use Class::*;
    &[
        (UnknownKey, &["unknown-key"]),
        (WrongType, &["wrong-type", "not-a-mapping", "date-not-text"]),
        (
            BadValue,
            &[
                "bad-boolean",
                "bad-command",
                "bad-container-name",
                "bad-device",
                "bad-duration",
                "bad-health-test",
                "bad-host",
                "bad-mode",
                "bad-mount",
                "bad-number",
                "bad-port",
                "bad-size",
                "bad-ssh-key",
                "pair-without-equals",
                "space-in-name",
                "too-many-ports",
                "unknown-value",
                "value-too-long",
            ],
        ),
        (OutOfRange, &["out-of-range"]),
        (Repeated, &["repeated-item"]),
        // Compose has no word of its own for a name with a wrong character: no pattern fits, so the key is unknown.
        (UnknownKey, &["bad-name"]),
        (MissingKey, &["missing-key", "no-image", "no-content"]),
        (
            UndefinedService,
            &["unknown-service", "service-not-active", "service-not-built"],
        ),
        (UndefinedNetwork, &["undefined-network"]),
        (UndefinedVolume, &["undefined-volume"]),
        (UndefinedConfig, &["undefined-config"]),
        (UndefinedSecret, &["undefined-secret"]),
        (UndefinedModel, &["undefined-model"]),
        (DependencyCycle, &["dependency-cycle"]),
        (ExtendsCycle, &["extends-cycle", "extends-too-long"]),
        (IncludeCycle, &["include-cycle"]),
        (AliasCycle, &["anchor-inside-itself"]),
        (
            Conflict,
            &[
                "container-name-twice",
                "count-and-ids",
                "external-name",
                "external-with-more",
                "name-and-scale",
                "network-mode-and-networks",
                "platform-not-built",
                "target-twice",
                "two-amounts",
                "two-contents",
                "two-names",
            ],
        ),
        (IncludeConflict, &["include-conflict"]),
        (CannotMerge, &["cannot-merge"]),
        (InterpolationSyntax, &["bad-interpolation"]),
        (RequiredVariable, &["required-variable"]),
        (DuplicateKey, &["duplicate-key"]),
        (KeyNotText, &["key-not-text"]),
        (
            YamlSyntax,
            &[
                "merge-needs-mapping",
                "nested-too-deep",
                "other-yaml-version",
                "several-documents",
                "tab-indentation",
                "too-many-aliases",
                "unknown-anchor",
                "yaml-syntax",
            ],
        ),
        (TextEncoding, &["control-character", "not-utf8"]),
        (VariableFile, &["bad-variable-file"]),
        (Empty, &["empty-file"]),
        (ProjectName, &["bad-project-name"]),
        (
            MissingFile,
            &[
                "file-is-folder",
                "file-not-found",
                "file-not-readable",
                "file-outside",
                "file-too-large",
                "no-compose-file",
                "remote-file",
                "too-much",
            ],
        ),
    ]
};

/// Why Compose refuses a project: one reason, or any of several of the same class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What is wrong: the class of the text first, then those that Compose does not tell from it.
    pub classes: &'static [Class],
    /// The keys that are named, as `services.web.ports.*`; none where the text names no key.
    pub keys: Vec<String>,
}

/// Which of our errors gives Compose's reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// The first.
    First,
    /// A later one.
    Later,
    /// None does. What Compose says, and what we say.
    None { theirs: String, ours: String },
    /// It is not asked: the reason is nothing that is written in a file.
    NotOfContent,
}

impl Reason {
    /// What the text of an error says. Compose gives one reason, except for values that it cannot decode.
    pub fn read(error: &str) -> Vec<Self> {
        let error = error.trim();
        match error.strip_prefix("decoding failed due to the following error(s):") {
            Some(lines) => lines
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                // Only the list under `include` is decoded apart from the rest.
                .map(|line| Self::read_one(&line.replacen("'[", "'include[", 1)))
                .collect(),
            None => vec![Self::read_one(error)],
        }
    }

    fn read_one(text: &str) -> Self {
        let fitting = TEXTS
            .iter()
            .find_map(|(pattern, classes, key)| Some((captured(pattern, text)?, *classes, *key)));
        match fitting {
            Some((captured, classes, key)) => Self {
                classes,
                keys: keys(key, &captured),
            },
            None => Self {
                classes: &[Class::Unread],
                keys: Vec::new(),
            },
        }
    }

    /// Whether it is something that is written in the project's files.
    fn is_of_content(&self) -> bool {
        let [class, ..] = self.classes else {
            return true;
        };
        !matches!(class, Class::MissingFile | Class::ComposeFailed)
    }

    fn is_given_by(&self, finding: &Finding) -> bool {
        let path = finding.path.as_deref().unwrap_or_default();
        let is_of_class = class_of(finding.code).is_some_and(|class| self.classes.contains(&class));
        is_of_class && (self.keys.is_empty() || self.keys.iter().any(|key| is_at(key, path)))
    }
}

/// Whether our errors give one of Compose's reasons.
pub fn compare(reasons: &[Reason], loaded: &Loaded) -> Match {
    if !reasons.iter().any(Reason::is_of_content) {
        return Match::NotOfContent;
    }
    let given = |finding: &Finding| reasons.iter().any(|reason| reason.is_given_by(finding));
    match loaded.errors().position(given) {
        Some(0) => Match::First,
        Some(_) => Match::Later,
        None => Match::None {
            theirs: joined(reasons.iter().map(|reason| {
                format!(
                    "{:?} at {}",
                    reason.classes[0],
                    place(&reason.keys.join(" or "))
                )
            })),
            ours: joined(loaded.errors().map(|error| {
                format!(
                    "{} at {}",
                    error.code,
                    place(error.path.as_deref().unwrap_or_default())
                )
            })),
        },
    }
}

/// Whether an error is about a file that cannot be read.
pub fn is_of_a_path(error: &Finding) -> bool {
    class_of(error.code) == Some(Class::MissingFile)
}

fn place(path: &str) -> &str {
    if path.is_empty() { "no key" } else { path }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    const MOST: usize = 3;
    let mut parts: Vec<String> = parts.collect();
    let more = parts.len().saturating_sub(MOST);
    parts.truncate(MOST);
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    parts.join(", ")
}

fn class_of(code: &str) -> Option<Class> {
    let listed = CODES.iter().find(|(_, codes)| codes.contains(&code));
    listed.map(|(class, _)| *class)
}

/// What stands for each `{name}` of a pattern that fits the whole text.
fn captured<'p, 't>(pattern: &'p str, text: &'t str) -> Option<Vec<(&'p str, &'t str)>> {
    let mut pieces = pattern.split('{');
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut found = Vec::new();
    for piece in pieces {
        let (name, literal) = piece.split_once('}')?;
        let end = if literal.is_empty() {
            rest.len()
        } else {
            rest.find(literal)?
        };
        found.push((name, &rest[..end]));
        rest = &rest[end + literal.len()..];
    }
    rest.is_empty().then_some(found)
}

/// A key with what was captured put in; one for each of several.
fn keys(template: &str, captured: &[(&str, &str)]) -> Vec<String> {
    let mut keys: Vec<String> = match template {
        "" => Vec::new(),
        template => vec![template.to_owned()],
    };
    for (name, text) in captured {
        let values: Vec<&str> = match *name {
            "keys" => text.split(", ").collect(),
            "services" => text.split(" -> ").collect(),
            _ => vec![text],
        };
        let hole = format!("{{{name}}}");
        let filled = keys.iter().flat_map(|key| {
            let values = values.iter();
            values.map(|value| key.replace(&hole, &steps(value)))
        });
        keys = filled.collect();
        keys.dedup();
    }
    let trimmed = keys.into_iter().map(|key| key.trim_matches('.').to_owned());
    trimmed.filter(|key| !key.is_empty()).collect()
}

/// `services[web].ports.[]` and `'web'` in the spelling of our paths.
fn steps(text: &str) -> String {
    let text = text.trim_matches(['\'', '"']).replace("<nil>", "null");
    let dotted = text.replace(".[", "[").replace("[]", "[*]");
    dotted.replace('[', ".").replace(']', "")
}

/// Whether `path` is at `key` or below: ours may say more exactly where. Compose writes some keys as its own types are called,
/// with a capital letter.
fn is_at(key: &str, path: &str) -> bool {
    let begins = |key: &[&str], path: &[&str]| {
        key.len() <= path.len()
            && key
                .iter()
                .zip(path)
                .all(|(wanted, step)| *wanted == "*" || wanted.eq_ignore_ascii_case(step))
    };
    let key: Vec<&str> = key.split('.').collect();
    let fits = |path: &[&str]| match key.split_first() {
        Some((&"**", key)) => (0..path.len()).any(|start| begins(key, &path[start..])),
        _ => begins(&key, path),
    };
    // Compose puts no quotes around a name with dots, so it is many steps in its keys; for `*` it is one.
    let unquoted = path.replace('"', "");
    let quoted: Vec<&str> = path
        .split('"')
        .enumerate()
        .flat_map(|(index, part)| match index % 2 {
            0 => part.trim_matches('.').split('.').collect(),
            _ => vec![part],
        })
        .filter(|step| !step.is_empty())
        .collect();
    fits(&unquoted.split('.').collect::<Vec<_>>()) || fits(&quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(error: &str) -> (Class, Vec<String>) {
        let reasons = Reason::read(error);
        let class = reasons[0].classes[0];
        let keys = reasons.into_iter().flat_map(|reason| reason.keys);
        (class, keys.collect())
    }

    #[test]
    fn the_schema_s_errors_name_every_key() {
        let error = "validating /shop/compose.yaml: services.web additional properties 'a', 'b.c' not allowed";
        let keys = vec!["services.web.a".to_owned(), "services.web.b.c".to_owned()];
        assert_eq!(read(error), (Class::UnknownKey, keys));
        let error = "validating /shop/compose.yaml:  additional properties 'a' not allowed";
        assert_eq!(read(error), (Class::UnknownKey, vec!["a".to_owned()]));
        let error = "validating /shop/compose.yaml: services.web.image must be a string";
        assert_eq!(
            read(error),
            (Class::WrongType, vec!["services.web.image".to_owned()])
        );
    }

    #[test]
    fn list_items_are_steps_of_the_path() {
        let error = "services.web.ports.[]: invalid ip address: localhost";
        assert_eq!(
            read(error),
            (Class::BadValue, vec!["services.web.ports.*".to_owned()])
        );
        let error = "decoding failed due to the following error(s):\n\n'services[web].gpus[0].count' invalid value \"x\"\n'services[db].attach' invalid boolean: x";
        let keys = vec![
            "services.web.gpus.0.count".to_owned(),
            "services.db.attach".to_owned(),
        ];
        assert_eq!(read(error), (Class::BadValue, keys));
    }

    #[test]
    fn names_in_quotes_are_names() {
        let error = "service \"web\" refers to undefined network back: invalid compose project";
        let keys = vec!["services.web.networks.back".to_owned()];
        assert_eq!(read(error), (Class::UndefinedNetwork, keys));
        let error =
            "failed to parse compose.yaml: line 9: mapping key \"web\" already defined at line 2";
        assert_eq!(
            read(error),
            (Class::DuplicateKey, vec!["**.web".to_owned()])
        );
    }

    #[test]
    fn any_service_of_a_cycle_will_do() {
        let (class, keys) = read("dependency cycle detected: web -> db -> web");
        assert_eq!(class, Class::DependencyCycle);
        assert!(
            keys.contains(&"services.web".to_owned()) && keys.contains(&"services.db".to_owned())
        );
    }

    #[test]
    fn a_text_that_is_new_is_not_taken_for_another() {
        assert_eq!(read("the moon is full"), (Class::Unread, Vec::new()));
    }

    #[test]
    fn a_path_may_say_more_and_never_less() {
        assert!(is_at(
            "services.web.ports.*",
            "services.web.ports.0.host_ip"
        ));
        assert!(is_at("services.web.a.b", "services.web.\"a.b\""));
        assert!(is_at("services.*.ports", "services.\"a.b\".ports.0"));
        assert!(is_at("**.web", "services.web"));
        assert!(!is_at("services.web.ports.0", "services.web.ports"));
        assert!(!is_at("services.web", "services.web2.ports"));
    }

    #[test]
    fn every_code_of_an_error_has_a_class() {
        let folder =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/compose/tests/findings");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).expect("the examples of findings") {
            let path = entry.expect("an example").path().join("expected.txt");
            let text = std::fs::read_to_string(path).expect("what is printed");
            for code in text
                .split("error[")
                .skip(1)
                .filter_map(|rest| rest.split(']').next())
            {
                assert!(class_of(code).is_some(), "{code} is in no class");
                seen += 1;
            }
        }
        assert!(seen > 60, "only {seen} errors were found");
    }
}
