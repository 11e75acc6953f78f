//! Secrets are replaced when evidence is captured, before anything is judged, shown or written.
//!
//! What stands in for a secret keeps what checks need: equal secrets get the same stand-in, different ones different
//! ones, and it has the secret's length, so that every column of a file stays where it was. Values that everybody knows
//! (`minioadmin`) are no secrets; that one of them is used is just what a check has to see.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use compose::{Loaded, Node, Project, Reader, Span, Step};
use serde_json::Value;

use crate::build::variables_in_dockerfiles;
use crate::evidence::{
    Answer, Bytes, EngineSeen, Evidence, FileSeen, FilesSeen, ImageSeen, Probe, WorldSeen,
};
use crate::replacements::Replacements;
use crate::secret_names::{FOLDER, is_password, is_secret_name, is_switch};
use crate::secret_places;
use crate::secret_text;

/// Passwords that images ship with and guides repeat.
const WELL_KNOWN: [&str; 14] = [
    "minioadmin",
    "minio",
    "admin",
    "root",
    "Milvus",
    "milvus",
    "password",
    "postgres",
    "changeme",
    "secret",
    "user",
    "pass",
    "example",
    "test",
];

/// A secret of this length is replaced wherever it stands; a shorter one would hit parts of other words.
const LONG_ENOUGH: usize = 8;

/// A secret shorter than this is replaced only where it is the whole value. From here on also where it is a word of a text.
const LONG_ENOUGH_AS_A_WORD: usize = 5;

/// What stood in files that hold a secret and nothing else: in no evidence, and known only so that it can be hidden elsewhere.
#[derive(Default)]
pub struct PutAway(Vec<String>);

/// Reads the files that hold a secret and nothing else; evidence keeps their size and not their content. `settings` are files
/// that hold more, whatever they are given as: in them a password is found by its name.
pub fn put_away(
    files: &mut FilesSeen,
    reader: &dyn Reader,
    settings: &BTreeSet<String>,
) -> PutAway {
    let mut contents = Vec::new();
    let loaded = compose::load(&*files, &files.request());
    let paths = loaded.project.as_ref().map(secret_places::files);
    let paths = paths.into_iter().flatten();
    for path in paths.filter(|path| !settings.contains(path)) {
        let seen = match reader.read(&path) {
            Ok(bytes) => {
                contents.push(String::from_utf8_lossy(&bytes).into_owned());
                FileSeen::Secret {
                    bytes: bytes.len() as u64,
                }
            }
            refused => FileSeen::from(refused),
        };
        files.files.insert(path, seen);
    }
    PutAway(contents)
}

/// Replaces every secret in the evidence.
pub fn hide(evidence: &mut Evidence, put_away: &PutAway) {
    let mut hidden = Hidden::default();
    for content in &put_away.0 {
        // A key has several lines, of which each tells something; and some write a line `NAME=value` as into a file of variables.
        let lines = content.lines().map(str::trim);
        let values = lines
            .clone()
            .filter_map(|line| Some(line.split_once('=')?.1));
        let values = values.map(|value| value.trim_matches(['"', '\'']));
        for secret in lines.chain(values).filter(|line| Hidden::is_secret(line)) {
            hidden.stand_in(secret);
        }
    }
    hide_in_files(&mut evidence.files, &mut hidden);
    for container in evidence
        .world
        .containers
        .iter_mut()
        .chain(&mut evidence.world.strangers)
    {
        hide_in_environment(&mut container.inspect, &mut hidden);
    }
    hide_in_images(&mut evidence.world, &mut hidden);
    hide_in_contents(&mut evidence.world, &mut hidden);
    hide_everywhere(evidence, &mut hidden);
}

/// Hides the secrets of a project in what is shown of it, as of a line with a mark under it.
#[derive(Default)]
pub struct Mask(Hidden);

impl Mask {
    /// Knows the secrets of a project, or of the files of one that does not load.
    pub fn of(loaded: &Loaded) -> Self {
        let mut hidden = Hidden::default();
        let mut given = BTreeSet::new();
        if let Some(project) = &loaded.project {
            let variables = secret_places::given_variables(project).into_iter();
            given.extend(variables.map(str::to_owned));
            let held = held(project);
            let values = held.iter().filter_map(|(name, node)| {
                let value = node.scalar_text()?;
                secret_in(name, &value)
            });
            let services = project.services();
            let words = services.flat_map(|service| secret_places::of_service(&service));
            let words = words.map(|held| held.value);
            let built = variables_in_dockerfiles(loaded);
            let built = built
                .iter()
                .filter_map(|(_, _, name, value)| secret_in_dockerfile(name, value));
            for secret in values
                .chain(words)
                .chain(built)
                .filter(|value| Hidden::is_secret(value))
            {
                hidden.stand_in(&secret);
            }
        }
        let is_compose_file = |path: &str| path.ends_with(".yaml") || path.ends_with(".yml");
        let sources = || loaded.sources.iter().map(|(_, source)| source);
        let compose_files = sources().filter(|source| is_compose_file(&source.path));
        let texts: Vec<&str> = compose_files.map(|source| source.text.as_str()).collect();
        if loaded.project.is_none() {
            given.extend(seemingly_given(texts.iter().copied()));
        }
        for source in sources() {
            if !is_compose_file(&source.path) && loaded.project.is_none() {
                let lines = source.text.lines().filter_map(|line| line.split_once('='));
                for (name, value) in lines {
                    let name = name.trim().trim_start_matches("export ").trim();
                    let value = value.trim().trim_matches(['"', '\'']);
                    // Where not even a Compose file was read, nobody says which of them are secrets. What Compose itself
                    // is told, as the names of its files, is none.
                    let is_one = (texts.is_empty() && !name.starts_with("COMPOSE_"))
                        || given.contains(name)
                        || secret_in(name, value).is_some();
                    if is_one {
                        hidden.knows_parts(value);
                    }
                }
            } else if !is_compose_file(&source.path) {
                for assigned in assigned(&source.text, &given, &mut hidden) {
                    let written = &source.text[assigned.place.clone()];
                    hidden.knows_parts(written.trim_matches(['"', '\'']));
                }
            }
            for place in secret_text::places(&source.text) {
                if Hidden::is_secret(&source.text[place.clone()]) {
                    hidden.stand_in(&source.text[place]);
                }
            }
        }
        if let Some(project) = &loaded.project
            && !hidden.stand_ins.is_empty()
        {
            let names = names(project).into_iter();
            hidden.names = names.filter(|name| hidden.knows(name)).collect();
        }
        Self(hidden)
    }

    /// A text without them.
    pub fn text(&mut self, text: &str) -> String {
        let mut shown = text.to_owned();
        self.0.in_text(&mut shown);
        shown
    }

    /// A document without them.
    pub fn document(&mut self, document: &mut Value) {
        hide_in_value(document, &mut self.0);
    }
}

/// Secrets met so far, with what stands in for each.
#[derive(Default)]
struct Hidden {
    stand_ins: BTreeMap<String, String>,
    /// What stands in, and the same as it is written where a dollar has to be doubled.
    shown: HashSet<String>,
    /// The same secrets as other programs write them down.
    encoded: BTreeMap<String, Vec<String>>,
    /// Those that are also a name in the project, as of a service or an image: they are replaced only where they are the secret.
    names: BTreeSet<String>,
    /// Those that were taken for one by the words around them. They may be none, so they are replaced only there.
    guessed: BTreeSet<String>,
    /// These are the files of a project that does not load. Nothing but its fault is judged, and that may lie in a secret: what
    /// stands in has its shape.
    keeps_shape: bool,
    /// What finds them in a text, until something of the above changes.
    finder: Option<Finder>,
}

impl Hidden {
    fn is_secret(value: &str) -> bool {
        let is_path = format!("{value}/").starts_with(FOLDER);
        !is_switch(value) && !is_path && !WELL_KNOWN.contains(&value)
    }

    /// Whether it is a secret, and not what stands in for one already.
    fn has_to_hide(&self, value: &str) -> bool {
        // See [`Assigned::shown`] for what may follow one.
        let bare = value
            .trim_end_matches('x')
            .strip_suffix('$')
            .unwrap_or(value);
        Self::is_secret(value) && !self.shown.contains(bare)
    }

    /// Takes in a secret as a file of variables writes it. A warning about a variable in it has a part of it for a name.
    fn knows_parts(&mut self, written: &str) {
        let names = written.split('$').skip(1).map(|rest| {
            let rest = rest.trim_start_matches('{');
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
            &rest[..end.unwrap_or(rest.len())]
        });
        for part in names.chain([written]).filter(|part| Self::is_secret(part)) {
            self.stand_in(part);
        }
    }

    fn knows(&self, value: &str) -> bool {
        self.stand_ins.contains_key(value)
    }

    fn stand_in(&mut self, secret: &str) -> String {
        // A file may be gone through twice, first by what the project takes from it and then by its name.
        if self.shown.contains(secret) {
            return secret.to_owned();
        }
        if self.guessed.remove(secret) {
            self.finder = None;
        }
        self.stand_in_there(secret)
    }

    /// The same for what may be no secret elsewhere.
    fn stand_in_there(&mut self, secret: &str) -> String {
        let next = self.stand_ins.len();
        if !self.stand_ins.contains_key(secret) {
            self.finder = None;
            let shown = stand_in(next, secret);
            self.shown.extend([doubled(&shown), shown.clone()]);
            self.stand_ins.insert(secret.to_owned(), shown);
            if secret.len() >= LONG_ENOUGH {
                self.encoded.insert(secret.to_owned(), encodings(secret));
            }
        }
        self.stand_ins[secret].clone()
    }

    /// Replaces secrets wherever they stand in a text: long ones anywhere, shorter ones where they are a word, and whatever the
    /// words in front of it call a secret.
    fn in_text(&mut self, text: &mut String) {
        if self.finder.is_none() {
            self.finder = Some(self.new_finder());
        }
        if let Some(finder) = &self.finder {
            finder.replace(text);
        }
        self.in_places(text);
    }

    fn new_finder(&self) -> Finder {
        let known = self
            .stand_ins
            .iter()
            .filter(|(secret, _)| !self.names.contains(*secret) && !self.guessed.contains(*secret));
        let mut anywhere = Vec::new();
        let mut words = Vec::new();
        for (secret, stand_in) in known {
            let shown = match self.keeps_shape {
                true => shape(secret),
                false => stand_in.clone(),
            };
            if secret.len() >= LONG_ENOUGH {
                anywhere.push((secret.clone(), shown));
                let encoded = self.encoded.get(secret).into_iter().flatten();
                anywhere.extend(encoded.map(|text| (text.clone(), stand_in_of_encoded(text))));
            } else if secret.len() >= LONG_ENOUGH_AS_A_WORD {
                words.push((secret.clone(), shown));
            }
        }
        Finder {
            anywhere: Replacements::new(LONG_ENOUGH, anywhere),
            words: Replacements::new(LONG_ENOUGH_AS_A_WORD, words),
        }
    }

    /// Replaces what the words in front of it call a secret.
    fn in_places(&mut self, text: &mut String) {
        for place in secret_text::places(text).into_iter().rev() {
            let secret = &text[place.clone()];
            if self.keeps_shape {
                let shown = shape(secret);
                text.replace_range(place, &shown);
            } else if self.has_to_hide(secret) {
                let secret = secret.to_owned();
                if !self.knows(&secret) {
                    self.guessed.insert(secret.clone());
                }
                let stand_in = self.stand_in_there(&secret);
                text.replace_range(place, &stand_in);
            }
        }
    }
}

/// Finds all secrets that are known.
struct Finder {
    /// Those that are replaced anywhere.
    anywhere: Replacements,
    /// Those that are replaced where no letter, digit or `_` stands before or behind them.
    words: Replacements,
}

impl Finder {
    fn replace(&self, text: &mut String) {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        self.anywhere.apply(text, |_, _| true);
        self.words.apply(text, |before, after| {
            !before.ends_with(is_part) && !after.starts_with(is_part)
        });
    }
}

/// A word of exactly as many bytes as the secret, different for each index: `hiddenx0`. A `$` stays where it is, with a letter
/// or a digit behind it as before: Compose gives it a meaning, and a check may be about that.
fn stand_in(index: usize, secret: &str) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut number = Vec::new();
    let mut rest = index;
    loop {
        number.insert(0, DIGITS[rest % DIGITS.len()]);
        rest /= DIGITS.len();
        if rest == 0 {
            break;
        }
    }
    let length = secret.len();
    let kept = secret
        .bytes()
        .filter(|letter| matches!(letter, b'$' | b'\n'))
        .count();
    let room = (length - kept).saturating_sub(number.len());
    let word = b"hidden".iter().copied().chain(std::iter::repeat(b'x'));
    let mut letters = word.take(room).chain(number);
    let mut stand_in = String::new();
    let mut before = 0;
    for letter in secret.bytes() {
        let shown = match letter {
            b'$' => b'$',
            // Lines stay lines, so that what stands below keeps its place.
            b'\n' => b'\n',
            _ => letters.next().unwrap_or(b'x'),
        };
        let begins_a_name = letter.is_ascii_alphabetic() || matches!(letter, b'_' | b'{' | b'$');
        let shown = if before == b'$' && !begins_a_name {
            b'0'
        } else if before == b'$' && shown.is_ascii_digit() {
            b'x'
        } else {
            shown
        };
        stand_in.push(char::from(shown));
        before = letter;
    }
    stand_in
}

/// What stands in for an encoded secret: as long, and no text that anything would decode to it.
fn stand_in_of_encoded(encoded: &str) -> String {
    stand_in(0, &"x".repeat(encoded.len()))
}

/// A secret as headers, addresses and logs have it: in Base64, also behind a user's name, in percent signs, as hexadecimal digits
/// and with the escapes of JSON. What is the same as the secret itself is left out.
fn encodings(secret: &str) -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let mut all = BTreeSet::new();
    // What stands before it moves its bits: three ways. Letters that a neighbour has a part in are left out.
    for before in 0..3_usize {
        let bytes = [&vec![0; before], secret.as_bytes()].concat();
        let begin = (before * 8).div_ceil(6);
        let end = bytes.len() * 8 / 6;
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            all.extend(engine.encode(&bytes).get(begin..end).map(str::to_owned));
        }
    }
    let hexadecimal = |each: fn(u8) -> String| secret.bytes().map(each).collect::<String>();
    all.insert(hexadecimal(|byte| format!("{byte:02x}")));
    all.insert(hexadecimal(|byte| format!("{byte:02X}")));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let percent = |upper: bool, blank: &str| -> String {
        let letters = secret.bytes().map(|byte| match (byte, upper) {
            (b' ', _) => blank.to_owned(),
            (byte, _) if is_plain(byte) => char::from(byte).to_string(),
            (byte, true) => format!("%{byte:02X}"),
            (byte, false) => format!("%{byte:02x}"),
        });
        letters.collect()
    };
    for blank in ["%20", "+"] {
        all.extend([percent(true, blank), percent(false, blank)]);
    }
    let json = Value::from(secret).to_string();
    all.insert(json.trim_matches('"').to_owned());
    let ascii = secret.encode_utf16().map(|unit| match u8::try_from(unit) {
        Ok(byte @ (b'"' | b'\\')) => format!("\\{}", char::from(byte)),
        Ok(byte) if byte.is_ascii() && !byte.is_ascii_control() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    });
    all.insert(ascii.collect());
    all.remove(secret);
    all.into_iter()
        .filter(|encoded| encoded.len() >= LONG_ENOUGH)
        .collect()
}

/// Letters and digits replaced, and everything else left as it is: for a file that does not load, whose fault may lie in the secret.
fn shape(secret: &str) -> String {
    let same = secret.chars().flat_map(|letter| match letter {
        letter if letter.is_ascii_digit() => vec!['9'],
        letter if letter.is_ascii_alphabetic() => vec!['x'],
        letter if letter.is_ascii() => vec![letter],
        letter => vec!['x'; letter.len_utf8()],
    });
    same.collect()
}

fn hide_in_files(files: &mut FilesSeen, hidden: &mut Hidden) {
    let mut loaded = compose::load(&*files, &files.request());
    let of_variables = secret_places::variable_files(&loaded);
    crate::build::add_sources(files, &mut loaded);
    let Some(project) = &loaded.project else {
        hidden.keeps_shape = true;
        hidden.finder = None;
        hide_given_in_shape(files, hidden);
        for secret in seeming_secrets(files) {
            hidden.stand_in(&secret);
        }
        for (name, value) in &mut files.environment {
            if secret_in(name, value).is_some() {
                *value = shape(value);
            }
        }
        return;
    };
    hidden.names.extend(names(project));
    let given: BTreeSet<String> = secret_places::given_variables(project)
        .into_iter()
        .map(str::to_owned)
        .collect();
    let held = held(project);
    for (name, node) in &held {
        let value = node.scalar_text().unwrap_or_default();
        if let Some(secret) = secret_in(name, &value) {
            hidden.stand_in(&secret);
        }
    }
    for name in &given {
        if let Some(value) = files.environment.get(name)
            && Hidden::is_secret(value)
        {
            hidden.stand_in(value);
        }
    }
    // What stands in a file of variables is known before the places where it is used are replaced.
    let mut variables: BTreeMap<String, Vec<Assigned>> = BTreeMap::new();
    for (path, seen) in &files.files {
        if let FileSeen::Text(text) = seen
            && (of_variables.contains(path) || is_called_for_variables(path))
        {
            variables.insert(path.clone(), assigned(text, &given, hidden));
        }
    }
    let mut spans: Vec<(Span, String, Written)> = Vec::new();
    for (name, node) in &held {
        let Some(value) = node.scalar_text() else {
            continue;
        };
        // The same word may be the user's name on one side and the password on the other: both stay equal.
        let known = (hidden.knows(&value) && is_login_name(name)).then_some(value.clone());
        if let Some(secret) = secret_in(name, &value).or(known) {
            let has_variables = node
                .origin
                .steps
                .iter()
                .any(|step| matches!(step, Step::Interpolated { .. }));
            let whole = if has_variables || secret != value {
                Written::InPart
            } else {
                Written::Whole
            };
            spans.push((node.span(), secret, whole));
        }
    }
    for service in project.services() {
        let held = secret_places::of_service(&service).into_iter();
        let in_words = held.filter(|held| matches!(held.key, "command" | "healthcheck"));
        spans.extend(
            in_words
                .filter(|held| Hidden::is_secret(&held.value))
                .map(|held| (held.node.span(), held.value, Written::InPart)),
        );
    }
    // From the end of each file, so that earlier places stay where they are.
    spans.sort_by_key(|(span, ..)| std::cmp::Reverse((span.source, span.start)));
    for (span, secret, written) in spans {
        let path = loaded.sources.get(span.source).path.clone();
        let stand_in = hidden.stand_in(&secret);
        if variables.contains_key(&path) {
            continue;
        }
        if let Some(FileSeen::Text(text)) = files.files.get_mut(&path) {
            replace_in_span(text, span, &secret, &stand_in, written);
        }
    }
    for (path, span, name, value) in variables_in_dockerfiles(&loaded) {
        if let Some(secret) = secret_in_dockerfile(&name, &value) {
            let stand_in = hidden.stand_in(&secret);
            if let Some(FileSeen::Text(text)) = files.files.get_mut(&path) {
                replace_in_span(text, span, &secret, &stand_in, Written::InPart);
            }
        }
    }
    for (path, seen) in &mut files.files {
        let FileSeen::Text(text) = seen else { continue };
        if let Some(assigned) = variables.get(path) {
            for assigned in assigned.iter().rev() {
                text.replace_range(assigned.place.clone(), &assigned.shown(hidden));
            }
        } else if path.ends_with(".conf") {
            *text = hide_in_settings(text, hidden);
        }
    }
    for (name, value) in &mut files.environment {
        let secret = secret_in(name, value).or_else(|| {
            let is_given = given.contains(name) && Hidden::is_secret(value);
            is_given.then(|| value.clone())
        });
        if let Some(secret) = secret {
            *value = value.replace(&secret, &hidden.stand_in(&secret));
        }
    }
}

/// The secret in the value of an `ENV` or `ARG`. A variable is no secret; what it stands for is given elsewhere.
fn secret_in_dockerfile(name: &str, value: &str) -> Option<String> {
    let secret = secret_in(name, value.trim_matches(['"', '\'']))?;
    (!secret.contains('$')).then_some(secret)
}

/// Values of variables that `secrets:` seems to take, in the files of a project that does not load.
fn hide_given_in_shape(files: &mut FilesSeen, hidden: &mut Hidden) {
    let texts = files.files.values().filter_map(|seen| match seen {
        FileSeen::Text(text) => Some(text.as_str()),
        _ => None,
    });
    let given = seemingly_given(texts);
    for (path, seen) in &mut files.files {
        let FileSeen::Text(text) = seen else { continue };
        if !is_called_for_variables(path) {
            continue;
        }
        let lines = text.split_inclusive('\n').map(|line| {
            let Some((name, value)) = line.split_once('=') else {
                return line.to_owned();
            };
            let bare = name.trim().trim_start_matches("export ").trim();
            if given.contains(bare) {
                let secret = value.trim().trim_matches(['"', '\'']);
                if Hidden::is_secret(secret) {
                    hidden.stand_in(secret);
                }
                format!("{name}={}", shape(value))
            } else {
                line.to_owned()
            }
        });
        *text = lines.collect();
    }
    for name in &given {
        if let Some(value) = files.environment.get_mut(name) {
            *value = shape(value);
        }
    }
}

/// The variables that `secrets:` seems to take, in compose files that may not load.
fn seemingly_given<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let lines = texts.flat_map(str::lines);
    lines
        .filter_map(|line| line.trim().strip_prefix("environment:"))
        .map(|name| name.trim().trim_matches(['"', '\'']).to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

/// What the words around it call a secret, in the files of a project that does not load. A word that is a key as well is none:
/// without it the file would have another fault.
fn seeming_secrets(files: &FilesSeen) -> BTreeSet<String> {
    let texts: Vec<&str> = files
        .files
        .values()
        .filter_map(|seen| match seen {
            FileSeen::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let all = texts.iter().flat_map(|text| {
        secret_text::places(text)
            .into_iter()
            .map(|place| &text[place])
    });
    all.filter(|secret| Hidden::is_secret(secret))
        .filter(|secret| {
            !texts
                .iter()
                .any(|text| text.contains(&format!("{secret}:")))
        })
        .map(str::to_owned)
        .collect()
}

/// Every named value of the services that may be a secret: variables, arguments of the build, labels.
fn held(project: &Project) -> Vec<(&str, &Node)> {
    let keys = ["environment", "build.args", "labels", "build.labels"];
    let services = project.services();
    let maps = services.flat_map(|service| keys.map(|key| service.node().get(key)));
    let maps = maps.flatten().filter_map(Node::as_mapping);
    maps.flat_map(|map| map.iter().map(|(name, entry)| (name, &entry.value)))
        .collect()
}

/// What is called something in the project: a secret that equals one is no secret there.
fn names(project: &Project) -> Vec<String> {
    let mut names = vec![project.name().to_owned()];
    for key in ["networks", "volumes", "secrets", "configs"] {
        let map = project.root().get(key).and_then(Node::as_mapping);
        names.extend(
            map.into_iter()
                .flat_map(|map| map.keys().map(str::to_owned)),
        );
    }
    for service in project.services() {
        names.push(service.name().to_owned());
        names.extend(service.container_name().map(str::to_owned));
        let image = service.image().and_then(Node::as_str).unwrap_or_default();
        names.extend(image.split(['/', ':', '@']).map(str::to_owned));
        let held: BTreeSet<String> = secret_places::of_service(&service)
            .into_iter()
            .map(|held| held.value)
            .collect();
        let words = service.command().into_iter().flatten();
        names.extend(words.filter(|word| !held.contains(word)));
        let mounts = service.mounts();
        let paths = mounts.iter().flat_map(|mount| mount.target.split('/'));
        names.extend(paths.map(str::to_owned));
        // Other settings, as the name of the data base.
        let others = service.environment_all().filter(|(name, node)| {
            let value = node.scalar_text().unwrap_or_default();
            let has_secret = node.origin.steps.iter().any(
                |step| matches!(step, Step::Interpolated { variable, .. } if is_secret_name(variable)),
            );
            !has_secret && !is_login_name(name) && secret_in(name, &value).is_none()
        });
        names.extend(others.filter_map(|(_, value)| value.scalar_text()));
    }
    names
}

/// Whether a file is called as files of variables are.
fn is_called_for_variables(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name == ".env" || name.ends_with(".env") || name.starts_with(".env.")
}

/// A secret in a line `NAME=value`.
struct Assigned {
    /// What is written for it, with its quotes.
    place: Range<usize>,
    /// What Compose takes for the value, where that is the secret; else the part that is.
    meaning: String,
    /// The quote around it.
    quote: Option<char>,
    /// Whether a variable that nothing sets stands in it, and so a part of the secret is lost.
    loses_a_part: bool,
}

impl Assigned {
    /// What is written instead: the same length, and the stand-in as its meaning.
    fn shown(&self, hidden: &mut Hidden) -> String {
        let stand_in = hidden.stand_in_there(&self.meaning);
        let literal = match self.quote {
            Some('\'') => stand_in,
            _ => doubled(&stand_in),
        };
        let quotes = if self.quote.is_some() { 2 } else { 0 };
        let room = self.place.len().saturating_sub(literal.len() + quotes);
        let (lost, blanks) = match (self.loses_a_part, room) {
            (true, 2..) => (format!("${}", "x".repeat(room - 1)), 0),
            _ => (String::new(), room),
        };
        let quote = self.quote.map(String::from).unwrap_or_default();
        format!("{quote}{literal}{lost}{quote}{}", " ".repeat(blanks))
    }
}

/// A dollar that would begin a variable is written twice.
fn doubled(text: &str) -> String {
    let mut doubled = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        doubled.push(letter);
        let begins_a_name =
            |next: &char| next.is_ascii_alphabetic() || matches!(next, '_' | '{' | '$');
        if letter == '$' && letters.peek().is_some_and(begins_a_name) {
            doubled.push('$');
        }
    }
    doubled
}

/// The secrets in the lines of a file of variables, each with its place.
fn assigned(text: &str, given: &BTreeSet<String>, hidden: &mut Hidden) -> Vec<Assigned> {
    let mut all = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let begin = start;
        let line = assignment(&text[begin..]);
        start += line.len();
        let Some((name, rest)) = line.split_once(['=', ':']) else {
            continue;
        };
        let written = rest.trim();
        let place = begin + line.len() - rest.len() + rest.len() - rest.trim_start().len();
        let place = place..place + written.len();
        let bare = name.trim().trim_start_matches(['#', ' ']);
        let bare = bare.strip_prefix("export ").unwrap_or(bare).trim();
        let quote = written
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''));
        let quote = quote.filter(|quote| written.len() > 1 && written.ends_with(*quote));
        let (value, loses_a_part) = meaning(written);
        let is_given = given.contains(bare) && Hidden::is_secret(&value);
        let known = hidden.knows(&value) && is_login_name(bare);
        let Some(secret) = secret_in(bare, &value).or((is_given || known).then(|| value.clone()))
        else {
            continue;
        };
        hidden.stand_in(&secret);
        if secret == value {
            all.push(Assigned {
                place,
                meaning: secret,
                quote,
                loses_a_part,
            });
        } else if let Some(at) = written.rfind(&secret) {
            // The password of an address.
            all.push(Assigned {
                place: place.start + at..place.start + at + secret.len(),
                meaning: secret,
                quote: None,
                loses_a_part: false,
            });
        }
    }
    all
}

/// The line that a text begins with; together with those below it as far as a quote goes that opens there behind a name.
fn assignment(text: &str) -> &str {
    let end = |from: usize| {
        text[from..]
            .find('\n')
            .map_or(text.len(), |at| from + at + 1)
    };
    let line = &text[..end(0)];
    let Some((name, value)) = line.split_once(['=', ':']) else {
        return line;
    };
    let opens = value.trim_start();
    let quote = opens
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''));
    let Some(quote) = quote.filter(|_| !name.trim_start().starts_with('#')) else {
        return line;
    };
    let inside = line.len() - opens.len() + 1;
    let closes = text[inside..]
        .match_indices(quote)
        .map(|(at, _)| inside + at)
        .find(|at| !text[..*at].ends_with('\\'));
    closes.map_or(line, |at| &text[..end(at)])
}

/// What Compose takes for a value as it is written behind the equals sign, and whether it misses a variable in it.
fn meaning(written: &str) -> (String, bool) {
    let reader = compose::MemoryReader::new([
        ("compose.yaml", "services: {a: {image: x, env_file: a.env}}"),
        ("a.env", &format!("A={written}\n")),
    ]);
    let request = compose::Request {
        folder_name: "a".to_owned(),
        ..compose::Request::default()
    };
    let loaded = compose::load(&reader, &request);
    let misses = loaded.findings.iter().any(|finding| !finding.is_error());
    let value = loaded.project.as_ref().and_then(|project| {
        let service = project.service("a")?;
        service.environment("A")?.scalar_text()
    });
    let plain = || written.trim_matches(['"', '\'']).to_owned();
    (value.unwrap_or_else(plain), misses)
}

/// The secret in a variable: its whole value, or the password of an address such as `postgresql://user:password@host`.
fn secret_in(name: &str, value: &str) -> Option<String> {
    let whole = (is_secret_name(name) || is_password(name)).then_some(value);
    let in_address = || {
        let (_, rest) = value.split_once("://")?;
        let (login, _) = rest.split(['/', '?', '#']).next()?.rsplit_once('@')?;
        login.split_once(':').map(|(_, password)| password)
    };
    whole
        .or_else(in_address)
        .filter(|secret| Hidden::is_secret(secret))
        .map(str::to_owned)
}

/// Whether a variable of this name may hold one half of a login.
fn is_login_name(name: &str) -> bool {
    let name = name.to_uppercase();
    [
        "USER", "LOGIN", "ACCESS", "AUTH", "PASS", "SECRET", "TOKEN", "KEY",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// How much of a span is the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// All of it, in some spelling: in quotes, with escapes, or as a number that means another one.
    Whole,
    /// A part, letter by letter.
    InPart,
}

fn replace_in_span(text: &mut String, span: Span, secret: &str, stand_in: &str, written: Written) {
    const BYTE_ORDER_MARK: char = '\u{feff}';
    let offset = if text.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len_utf8()
    } else {
        0
    };
    let (start, end) = (span.start as usize + offset, span.end as usize + offset);
    let Some(part) = text.get(start..end) else {
        return;
    };
    let spellings = [
        (secret.to_owned(), stand_in.to_owned()),
        (doubled(secret), doubled(stand_in)),
    ];
    let spelt = spellings
        .into_iter()
        .find_map(|(secret, stand_in)| Some((part.rfind(&secret)?, secret.len(), stand_in)));
    if let Some((position, length, stand_in)) = spelt {
        let place = start + position..start + position + length;
        text.replace_range(place, &stand_in);
    } else if written == Written::Whole {
        // `NAME=value` of a list keeps its name. Blanks keep what follows on the line in its column.
        let name = part.find('=').map_or(0, |equals| equals + 1);
        let name = if is_name(&part[..name]) { name } else { 0 };
        let stand_in = doubled(stand_in);
        let blanks = " ".repeat(part.len().saturating_sub(name + stand_in.len()));
        text.replace_range(start + name..end, &format!("{stand_in}{blanks}"));
    }
}

/// `NAME=`
fn is_name(text: &str) -> bool {
    text.strip_suffix('=').is_some_and(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// The text of a file of a container without the secrets that its kind has, which its name tells.
fn hide_by_name(path: &str, text: &str, hidden: &mut Hidden) -> Option<String> {
    if is_called_for_variables(path) {
        let mut shown = text.to_owned();
        for assigned in assigned(text, &BTreeSet::new(), hidden).iter().rev() {
            shown.replace_range(assigned.place.clone(), &assigned.shown(hidden));
        }
        Some(shown)
    } else if path.ends_with(".conf") {
        Some(hide_in_settings(text, hidden))
    } else {
        None
    }
}

/// `name value` lines, as in Redis' configuration file, whose names for a password are words of its own.
fn hide_in_settings(text: &str, hidden: &mut Hidden) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default().to_lowercase();
        let is_secret =
            matches!(name.as_str(), "requirepass" | "masterauth") || is_secret_name(&name);
        let secrets = words.filter_map(|word| match name.as_str() {
            // `user ada on >password`
            "user" => word.strip_prefix('>'),
            _ => is_secret.then(|| word.trim_matches(['"', '\''])),
        });
        secrets
            .filter(|secret| Hidden::is_secret(secret))
            .fold(line.to_owned(), |line, secret| {
                line.replace(secret, &hidden.stand_in(secret))
            })
    });
    lines.collect()
}

fn hide_in_environment(inspect: &mut Value, hidden: &mut Hidden) {
    let entries = inspect
        .pointer_mut("/Config/Env")
        .and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten() {
        let Some((name, value)) = entry.as_str().and_then(|text| text.split_once('=')) else {
            continue;
        };
        let known = (hidden.knows(value) && is_login_name(name)).then(|| value.to_owned());
        if let Some(secret) = secret_in(name, value).or(known) {
            let shown = value.replace(&secret, &hidden.stand_in(&secret));
            *entry = Value::from(format!("{name}={shown}"));
        }
    }
}

/// An image carries what its Dockerfile says: variables, and the words of its steps, in which arguments of the build stand too.
fn hide_in_images(world: &mut WorldSeen, hidden: &mut Hidden) {
    for seen in world.images.values_mut() {
        if let ImageSeen::Present(inspect) = seen {
            hide_in_environment(inspect, hidden);
        }
    }
    let steps = world.histories.values_mut().filter_map(Value::as_array_mut);
    for step in steps.flatten() {
        let Some(text) = step.get("CreatedBy").and_then(Value::as_str) else {
            continue;
        };
        let secrets = text.split_whitespace().filter_map(|word| {
            let (name, value) = word.split_once('=')?;
            secret_in(name, value.trim_matches(['"', '\'']))
        });
        let shown = secrets.fold(text.to_owned(), |shown, secret| {
            shown.replace(
                &format!("={secret}"),
                &format!("={}", hidden.stand_in(&secret)),
            )
        });
        step["CreatedBy"] = Value::from(shown);
    }
}

/// Files of a container are files like the learner's own.
fn hide_in_contents(world: &mut WorldSeen, hidden: &mut Hidden) {
    for answered in &mut world.answers {
        if let (Probe::File { path, .. }, Answer::File(seen)) =
            (&answered.probe, &mut answered.answer)
            && let Some(contents) = &mut seen.contents
            && let Ok(text) = std::str::from_utf8(&contents.0)
            && let Some(shown) = hide_by_name(path, text, hidden)
        {
            contents.0 = shown.into_bytes();
        }
    }
}

/// Secrets may also stand in commands, logs and answers.
fn hide_everywhere(evidence: &mut Evidence, hidden: &mut Hidden) {
    for seen in evidence.files.files.values_mut() {
        match seen {
            FileSeen::Text(text) => hidden.in_text(text),
            FileSeen::Bytes(bytes) => hide_in_bytes(bytes, hidden),
            _ => {}
        }
    }
    hidden.keeps_shape = false;
    hidden.finder = None;
    let world = &mut evidence.world;
    if let EngineSeen::Silent {
        address, reason, ..
    } = &mut world.engine
    {
        hidden.in_text(address);
        hidden.in_text(reason);
    }
    for container in world.containers.iter_mut().chain(&mut world.strangers) {
        hide_in_value(&mut container.inspect, hidden);
        for line in &mut container.last_lines {
            hidden.in_text(line);
        }
    }
    for seen in world.images.values_mut() {
        if let ImageSeen::Present(inspect) = seen {
            hide_in_value(inspect, hidden);
        }
    }
    let others = world
        .histories
        .values_mut()
        .chain(world.networks.values_mut());
    for value in others.chain(world.volumes.values_mut()) {
        hide_in_value(value, hidden);
    }
    for answered in &mut world.answers {
        match &mut answered.answer {
            Answer::Http { body, .. } => hide_in_bytes(body, hidden),
            // A binary message may look like text, and its letters have to stay.
            Answer::Grpc { .. } => {}
            Answer::Exec { stdout, stderr, .. } => {
                hide_in_bytes(stdout, hidden);
                hide_in_bytes(stderr, hidden);
            }
            Answer::Log { lines } => lines.iter_mut().for_each(|line| hidden.in_text(line)),
            Answer::Processes { processes } => {
                for process in processes {
                    hidden.in_text(&mut process.command);
                }
            }
            Answer::File(seen) => {
                if let Some(contents) = &mut seen.contents {
                    hide_in_bytes(contents, hidden);
                }
            }
            Answer::Tcp { .. } | Answer::NoFile | Answer::None(_) => {}
        }
    }
}

fn hide_in_value(value: &mut Value, hidden: &mut Hidden) {
    match value {
        Value::String(text) => hidden.in_text(text),
        Value::Array(items) => {
            hide_in_words(items, hidden);
            for item in items {
                hide_in_value(item, hidden);
            }
        }
        Value::Object(entries) => {
            for (name, entry) in entries.iter_mut() {
                let secret = entry
                    .as_str()
                    .and_then(|value| secret_places::secret_of(name, value));
                if let Some(secret) = secret.filter(|secret| hidden.has_to_hide(secret))
                    && let Value::String(text) = entry
                {
                    *text = text.replace(&secret, &hidden.stand_in_there(&secret));
                }
                hide_in_value(entry, hidden);
            }
        }
        _ => {}
    }
}

/// The words of a command, in which a flag and its value are two.
fn hide_in_words(items: &mut [Value], hidden: &mut Hidden) {
    let words: Vec<String> = items
        .iter()
        .map(|item| item.as_str().unwrap_or_default().to_owned())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    for index in 0..words.len() {
        if let Some((_, secret, at)) = secret_places::secret_at(&words, index)
            && hidden.has_to_hide(&secret)
            && let Value::String(text) = &mut items[at]
            && let Some(start) = text.rfind(&secret)
        {
            let stand_in = hidden.stand_in_there(&secret);
            text.replace_range(start..start + secret.len(), &stand_in);
        }
    }
}

/// Only text is searched: a stand-in of the same length keeps even binary messages whole, but they carry no secrets.
fn hide_in_bytes(bytes: &mut Bytes, hidden: &mut Hidden) {
    if let Ok(mut text) = String::from_utf8(bytes.0.clone()) {
        hidden.in_text(&mut text);
        bytes.0 = text.into_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_has_the_secrets_length_and_is_its_own() {
        for length in 1..20 {
            let secret = "a".repeat(length);
            assert_eq!(stand_in(3, &secret).len(), length);
            assert_ne!(stand_in(3, &secret), stand_in(4, &secret));
        }
        assert_eq!(stand_in(0, "aaaaaaaaaa"), "hiddenxxx0");
        assert_eq!(stand_in(0, "a$b $5"), "h$id$0");
    }

    /// Each secret compared with each other one, or each looked for by itself in each line, would take minutes.
    #[test]
    fn ten_thousand_secrets_are_hidden_without_comparing_each_with_each() {
        let mut compose = String::from("services:\n");
        for number in 0..10_000 {
            compose += &format!(
                "  s{number}: {{image: x, environment: {{PASSWORD: blue-{number:05}}}}}\n"
            );
        }
        let start = std::time::Instant::now();
        let reader = compose::MemoryReader::new([("compose.yaml", compose)]);
        let mut mask = Mask::of(&compose::load(&reader, &compose::Request::default()));
        for number in 0..1000 {
            let shown = mask.text(&format!(
                "is blue-{number:05} here, not blue-x or blue-000001?"
            ));
            assert!(!shown.contains(&format!("blue-{number:05}")), "{shown}");
            assert!(shown.contains("blue-x"), "{shown}");
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(60));
    }

    #[test]
    fn a_secret_is_hidden_in_the_spelling_of_headers_addresses_and_logs() {
        let mut hidden = Hidden::default();
        hidden.stand_in("grey=öt\"ter 58");
        for text in [
            "Z3JleT3DtnQidGVyIDU4",
            "Authorization: Basic c2hvcDpncmV5PcO2dCJ0ZXIgNTg=",
            "postgresql://shop:grey%3D%C3%B6t%22ter%2058@db/orders",
            "q=grey%3d%c3%b6t%22ter+58",
            "{\"given\": \"grey=öt\\\"ter 58\"}",
            "grey=\\u00f6t\\\"ter 58",
            "677265793dc3b6742274657220 3538",
            "677265793dc3b67422746572203538",
        ] {
            let mut shown = text.to_owned();
            hidden.in_text(&mut shown);
            let has_blank = text.ends_with(" 3538");
            assert_eq!(shown == text, has_blank, "{shown}");
            for part in ["3JleT3", "dCJ0ZXI", "ter%20", "ter+5", "ter 58"] {
                assert!(!shown.contains(part), "{shown}");
            }
        }
    }

    #[test]
    fn a_switch_and_the_folder_of_secrets_are_no_secrets() {
        let mut evidence = evidence(&[(
            "compose.yaml",
            "services: {a: {image: x, environment: {ALLOW_EMPTY_PASSWORD: 'yes', TOKENS_ON: 'false', SECRETS_DIR: /run/secrets, A_PASSWORD_FILE: /run/secrets/a}}}\n",
        )]);
        let before = evidence.files.files.clone();
        hide(&mut evidence, &PutAway::default());
        assert_eq!(evidence.files.files, before);
    }

    #[test]
    fn a_secret_of_several_lines_stays_one_value() {
        let compose =
            "services: {a: {image: x, secrets: [s]}}\nsecrets: {s: {environment: PHRASE}}\n";
        for quote in ["\"", "'"] {
            let text = format!("PHRASE={quote}grey-otter-58\nwhite-stork{quote}\nOTHER: blue\n");
            let mut evidence = evidence(&[("compose.yaml", compose), (".env", &text)]);
            hide(&mut evidence, &PutAway::default());
            let shown = format!("{:?}", evidence.files);
            assert!(
                !shown.contains("otter") && !shown.contains("stork"),
                "{shown}"
            );
            assert!(shown.contains("OTHER: blue"), "{shown}");
            let loaded = crate::load(&evidence);
            assert!(loaded.project.is_some(), "{:?}", loaded.findings);
        }
    }

    #[test]
    fn passwords_of_a_configuration_file_are_hidden_and_nothing_else_moves() {
        let text = "save \"\"\nrequirepass \"battery-horse\"\nuser ada on >staple-12 ~* +@all\n";
        let mut hidden = Hidden::default();
        let shown = hide_in_settings(text, &mut hidden);
        assert_eq!(
            shown,
            "save \"\"\nrequirepass \"hiddenxxxxxx0\"\nuser ada on >hiddenxx1 ~* +@all\n"
        );
    }

    /// Two files of variables: one has the secrets, the other only names them.
    #[test]
    fn what_a_file_of_variables_takes_from_another_stays_the_same_secret() {
        let texts = [
            (
                "compose.yaml",
                "services:\n  a:\n    image: x\n    env_file: app.env\n",
            ),
            (
                "app.env",
                "JWT_SECRET=${JWT}\nDB=postgresql://app:${PASSWORD}@db/app\n",
            ),
            (
                ".env",
                "JWT=horse-battery-staple\nPASSWORD=for-this-test-only\n",
            ),
        ];
        let files = texts.map(|(path, text)| (path.to_owned(), FileSeen::Text(text.to_owned())));
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: crate::evidence::FilesSeen {
                folder_name: "test".to_owned(),
                files: files.into(),
                ..Default::default()
            },
            world: WorldSeen {
                containers: vec![crate::evidence::ContainerSeen {
                    inspect: serde_json::json!({"Config": {"Env": [
                        "JWT_SECRET=horse-battery-staple",
                        "DB=postgresql://app:for-this-test-only@db/app",
                    ]}}),
                    last_lines: Vec::new(),
                }],
                ..WorldSeen::default()
            },
        };
        hide(&mut evidence, &PutAway::default());
        let loaded = crate::load(&evidence);
        let project = loaded.project.expect("it still loads");
        let service = project.service("a").expect("a service");
        for (at, name) in ["JWT_SECRET", "DB"].into_iter().enumerate() {
            let told = service.environment(name).and_then(Node::as_str);
            let told = format!("{name}={}", told.expect("a value"));
            assert_eq!(
                evidence.world.containers[0].inspect["Config"]["Env"][at],
                told
            );
            assert!(
                !told.contains("horse") && !told.contains("for-this"),
                "{told}"
            );
        }
    }

    #[test]
    fn a_secret_is_hidden_however_it_is_written() {
        let text = "services:\n  a:\n    image: x\n    environment:\n      A_PASSWORD: pa$$word12 # why\n      B_PASSWORD: \"\\x70a$$word12\"\n      \
            C_PASSWORD: 0123456700\n      D_PASSWORD: \"0123456700\"\n  b:\n    image: x\n    environment: [E_PASSWORD=pa$$word12]\n";
        let files = crate::evidence::FilesSeen {
            folder_name: "test".to_owned(),
            files: [("compose.yaml".to_owned(), FileSeen::Text(text.to_owned()))].into(),
            ..Default::default()
        };
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files,
            world: Default::default(),
        };
        hide(&mut evidence, &PutAway::default());
        let shown = format!("{:?}", evidence.files);
        assert!(
            !shown.contains("word12") && !shown.contains("123456"),
            "{shown}"
        );
        let loaded = crate::load(&evidence);
        let project = loaded.project.expect("the file still loads");
        let value = |service: &str, name: &str| {
            project
                .service(service)
                .and_then(|service| service.environment(name)?.scalar_text())
        };
        // The same password stays the same; a number that YAML reads as another one stays another one.
        assert_eq!(value("a", "A_PASSWORD"), value("a", "B_PASSWORD"));
        assert_eq!(value("a", "A_PASSWORD"), value("b", "E_PASSWORD"));
        assert_ne!(value("a", "C_PASSWORD"), value("a", "D_PASSWORD"));
    }

    #[test]
    fn a_secret_of_env_has_one_stand_in_wherever_the_project_takes_it() {
        let compose = "services: {a: {image: x, command: 'run --pass ${A_PASSWORD}', environment: {A_PASSWORD: '${A_PASSWORD}'}}}";
        let files = [
            ("compose.yaml", compose),
            (".env", "A_PASSWORD=open-sesame-7\n"),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), FileSeen::Text(text.to_owned())));
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: crate::evidence::FilesSeen {
                folder_name: "test".to_owned(),
                files: files.into(),
                ..Default::default()
            },
            world: WorldSeen {
                containers: vec![crate::evidence::ContainerSeen {
                    inspect: serde_json::json!({"Config": {"Cmd": ["run", "--pass", "open-sesame-7"]}}),
                    last_lines: Vec::new(),
                }],
                ..WorldSeen::default()
            },
        };
        hide(&mut evidence, &PutAway::default());
        let loaded = crate::load(&evidence);
        let project = loaded.project.expect("it still loads");
        let command = project.service("a").and_then(|service| service.command());
        let command = command.expect("a command");
        assert_ne!(command[2], "open-sesame-7");
        let container = &evidence.world.containers[0].inspect;
        assert_eq!(container["Config"]["Cmd"][2], command[2].as_str());
    }

    #[test]
    fn what_a_dockerfile_bakes_in_is_hidden_in_image_and_history() {
        use crate::evidence::{Answered, FileInside, FileKind};
        let image = serde_json::json!({"Config": {"Env": ["PATH=/bin", "API_KEY=tulip-4711"]}});
        let steps = serde_json::json!([
            {"CreatedBy": "CMD [\"run\"]"},
            {"CreatedBy": "RUN |1 PIP_TOKEN=rose-0815 /bin/sh -c pip install -i https://x:rose-0815@y/ z # buildkit"},
            {"CreatedBy": "ENV API_KEY=tulip-4711"},
        ]);
        let answer = Answer::File(FileInside {
            kind: FileKind::File,
            size: 24,
            mode: 0o644,
            uid: 0,
            gid: 0,
            link: None,
            contents: Some(Bytes(b"DB_PASSWORD=daisy-123456\n".to_vec())),
        });
        let probe = Probe::File {
            service: "api".to_owned(),
            path: "/app/.env".to_owned(),
            contents: true,
        };
        let world = WorldSeen {
            images: [("x".to_owned(), ImageSeen::Present(image))].into(),
            histories: [("x".to_owned(), steps)].into(),
            answers: vec![Answered {
                probe,
                answer,
                took_ms: 1,
            }],
            ..WorldSeen::default()
        };
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: Default::default(),
            world,
        };
        hide(&mut evidence, &PutAway::default());
        let shown = serde_json::to_string(&evidence).expect("JSON");
        for secret in ["tulip-4711", "rose-0815", "daisy-123456"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert!(shown.contains("API_KEY=hidden") && shown.contains("PIP_TOKEN=hidden"));
    }

    #[test]
    fn a_secret_in_a_dockerfile_or_a_build_argument_is_hidden() {
        let compose = "services: {api: {build: {context: ., args: {API_TOKEN: tok-12345678}}}}";
        let dockerfile = "FROM busybox\nARG API_TOKEN\nENV DB_PASSWORD=\"pass-word-1\" MODE=fast TOKEN=$API_TOKEN\n";
        let text = |path: &str, text: &str| (path.to_owned(), FileSeen::Text(text.to_owned()));
        let mut evidence = Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: crate::evidence::FilesSeen {
                folder_name: "test".to_owned(),
                files: [
                    text("compose.yaml", compose),
                    text("Dockerfile", dockerfile),
                ]
                .into(),
                ..Default::default()
            },
            world: Default::default(),
        };
        hide(&mut evidence, &PutAway::default());
        let shown = format!("{:?}", evidence.files);
        assert!(
            !shown.contains("tok-12345678") && !shown.contains("pass-word-1"),
            "{shown}"
        );
        assert!(
            shown.contains("MODE=fast") && shown.contains("$API_TOKEN"),
            "{shown}"
        );
    }

    #[test]
    fn assignments_keep_their_form() {
        let mut hidden = Hidden::default();
        let text =
            "USER=ada\nDB_PASSWORD=\"correct horse\" \nAGAIN_TOKEN='correct horse'\nX=minioadmin\n";
        let changed = hide_by_name(".env", text, &mut hidden).expect("a file of variables");
        assert_eq!(changed.len(), text.len());
        assert!(!changed.contains("correct horse"));
        assert_eq!(changed.matches("hiddenxxxxxx0").count(), 2);
        assert!(changed.contains("USER=ada") && changed.contains("X=minioadmin"));
    }

    fn evidence(files: &[(&str, &str)]) -> Evidence {
        let seen = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), FileSeen::Text((*text).to_owned())));
        Evidence {
            schema_version: crate::evidence::SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: FilesSeen {
                folder_name: "test".to_owned(),
                files: seen.collect(),
                ..Default::default()
            },
            world: WorldSeen::default(),
        }
    }

    /// The values of A_PASSWORD in the file and in the container, once a secret is hidden in a file of variables.
    fn both_sides(written: &str, has: &str) -> (String, String, Evidence) {
        let mut evidence = evidence(&[
            (
                "compose.yaml",
                "services: {a: {image: x, env_file: a.env}}\n",
            ),
            ("a.env", &format!("A_PASSWORD={written}\n")),
        ]);
        evidence
            .world
            .containers
            .push(crate::evidence::ContainerSeen {
                inspect: serde_json::json!({"Config": {"Env": [format!("A_PASSWORD={has}")]}}),
                last_lines: vec![format!("logged in with {has}")],
            });
        hide(&mut evidence, &PutAway::default());
        let loaded = crate::load(&evidence);
        let project = loaded.project.expect("the file still loads");
        let service = project.service("a").expect("a service");
        let value = service.environment("A_PASSWORD").expect("a variable");
        let in_file = value.scalar_text().expect("a value");
        let env = &evidence.world.containers[0].inspect["Config"]["Env"][0];
        let in_container = env.as_str().expect("a text").replacen("A_PASSWORD=", "", 1);
        (in_file, in_container, evidence)
    }

    #[test]
    fn file_and_container_agree_however_a_file_of_variables_writes_a_dollar() {
        for (written, has) in [
            ("battery-horse", "battery-horse"),
            ("'battery horse'", "battery horse"),
            ("batt$$ery", "batt$ery"),
            ("'batt$ery'", "batt$ery"),
            ("\"batt$$ery\"", "batt$ery"),
            ("\"batt\\$ery\"", "batt$ery"),
            ("battery$5horse", "battery$5horse"),
            ("battery #horse", "battery"),
            ("'battery#horse' # why", "battery#horse"),
            ("battery$horse", "battery"),
            ("\"battery${horse}\"", "battery"),
        ] {
            let (in_file, in_container, evidence) = both_sides(written, has);
            assert_eq!(in_file, in_container, "{written}");
            let shown = format!("{evidence:?}");
            assert!(
                !shown.contains("batt") && !shown.contains("horse"),
                "{written}: {shown}"
            );
        }
    }

    #[test]
    fn a_dollar_that_loses_a_part_of_a_secret_is_still_told() {
        let (_, _, evidence) = both_sides("battery$horse", "battery");
        let findings = crate::load(&evidence).findings;
        assert!(
            findings
                .iter()
                .any(|finding| finding.code == "unset-variable")
        );
        assert!(!format!("{findings:?}").contains("horse"));
    }

    #[test]
    fn a_file_that_does_not_load_keeps_its_fault_and_not_its_secret() {
        for fault in [
            "services:\n  a:\n    image: x\n    environment:\n      DB_PASSWORD: blue: heron-31\n",
            "services:\n  a:\n    imag: x\n    environment: [DB_PASSWORD=heron-31]\n",
            "services:\n  a:\n    image: x\n    command: redis-server --requirepass heron-31\n   b: 1\n",
        ] {
            let mut evidence = evidence(&[("compose.yaml", fault)]);
            let before = crate::load(&evidence);
            hide(&mut evidence, &PutAway::default());
            let after = crate::load(&evidence);
            let codes = |loaded: &Loaded| -> Vec<_> {
                let findings = loaded.findings.iter();
                findings
                    .map(|finding| (finding.code, finding.span))
                    .collect()
            };
            assert_eq!(codes(&before), codes(&after), "{fault}");
            let shown = format!("{:?} {:?}", evidence.files, after.findings);
            assert!(!shown.contains("heron"), "{shown}");
        }
    }

    #[test]
    fn a_secret_that_is_also_a_name_changes_no_name() {
        let mut evidence = evidence(&[(
            "compose.yaml",
            "services: {orders-db: {image: orders-db/orders-db:1, environment: {DB_PASSWORD: orders-db}}}\n",
        )]);
        hide(&mut evidence, &PutAway::default());
        let loaded = crate::load(&evidence);
        let project = loaded.project.expect("it loads");
        let service = project.service("orders-db").expect("its name is as before");
        assert_eq!(
            service.image().and_then(Node::as_str),
            Some("orders-db/orders-db:1")
        );
        let password = service.environment("DB_PASSWORD").expect("a variable");
        assert_ne!(password.as_str(), Some("orders-db"));
    }

    #[test]
    fn what_stood_in_a_file_of_its_own_is_hidden_in_logs() {
        let mut evidence = evidence(&[(
            "compose.yaml",
            "services: {a: {image: x, secrets: [s]}}\nsecrets: {s: {file: s.txt}}\n",
        )]);
        let reader = compose::MemoryReader::new([("s.txt", "grey-otter-58\n")]);
        let put_away = put_away(&mut evidence.files, &reader, &BTreeSet::new());
        evidence
            .world
            .containers
            .push(crate::evidence::ContainerSeen {
                inspect: serde_json::json!({}),
                last_lines: vec!["I was given grey-otter-58.".to_owned()],
            });
        hide(&mut evidence, &put_away);
        assert_eq!(
            evidence.files.files["s.txt"],
            FileSeen::Secret { bytes: 14 }
        );
        assert!(!format!("{evidence:?}").contains("otter"));
    }
}
