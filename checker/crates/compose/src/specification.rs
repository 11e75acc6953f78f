//! The Compose specification as one table: every key, what it accepts, how it merges, which short form it has and how
//! the canonical model shows it.
//!
//! The fields of a record stand in the order in which Compose prints them.
//!
//! Source: the JSON schema and the types of compose-go 2.9.1, which Docker Compose 2.40.3 uses. Validation, merging,
//! expansion and the canonical model all walk this one table, so a key is described in one place only.

/// The kinds of YAML value that a shape accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Types(u8);

pub(crate) const NULL: Types = Types(1);
pub(crate) const BOOLEAN: Types = Types(2);
/// A whole number, however it is written: `3`, `3.0`, `3e0`.
pub(crate) const INTEGER: Types = Types(4 | 128);
/// Any number, whole or not.
pub(crate) const NUMBER: Types = Types(4 | 8 | 128);
/// A whole number in digits alone: what Compose reads itself, it refuses when there is a point or an exponent.
const DIGITS: Types = Types(4);
pub(crate) const STRING: Types = Types(16);
pub(crate) const SEQUENCE: Types = Types(32);
pub(crate) const MAPPING: Types = Types(64);

const FRACTION: Types = Types(8);
const WHOLE_WITH_POINT: Types = Types(128);

impl Types {
    pub(crate) const fn or(self, other: Types) -> Types {
        Types(self.0 | other.0)
    }

    pub(crate) const fn has(self, other: Types) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn accepts(self, value: &crate::node::Value) -> bool {
        use crate::node::Value;
        match value {
            Value::Null => self.has(NULL),
            Value::Bool(_) => self.has(BOOLEAN),
            Value::Integer(_) => self.has(DIGITS),
            Value::Float(number) if number.fract() == 0.0 => self.has(WHOLE_WITH_POINT),
            Value::Float(_) => self.has(FRACTION),
            Value::String(_) => self.has(STRING),
            Value::Sequence(_) => self.has(SEQUENCE),
            Value::Mapping(_) => self.has(MAPPING),
        }
    }

    /// For people: "a text or a list".
    pub(crate) fn describe(self) -> String {
        let number = if self.has(FRACTION) {
            "a number"
        } else {
            "a whole number"
        };
        let names = [
            (STRING, "a text"),
            (DIGITS, number),
            (BOOLEAN, "true or false"),
            (SEQUENCE, "a list"),
            (MAPPING, "a mapping"),
            (NULL, "nothing"),
        ];
        let names: Vec<&str> = names
            .into_iter()
            .filter(|(types, _)| self.has(*types))
            .map(|(_, name)| name)
            .collect();
        match names.as_slice() {
            [] => "anything".into(),
            [one] => (*one).into(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
        }
    }
}

/// What one place in the file may hold.
#[derive(Debug)]
pub(crate) struct Shape {
    pub accepts: Types,
    pub text: TextRule,
    pub range: Option<(i64, i64)>,
    pub items: Option<&'static Shape>,
    pub repeats: Repeats,
    pub keys: Keys,
    first_letters: FirstLetters,
    /// Whether a list in it, at any depth of mappings, has items that replace each other.
    pub has_identities: bool,
    pub short: Short,
    pub form: Form,
}

/// What a text must say, beyond what its [`Form`] asks for.
#[derive(Debug)]
pub(crate) enum TextRule {
    Any,
    OneOf(&'static [&'static str]),
    ContainerName,
    PullPolicy,
}

/// Whether the items of a list may repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeats {
    Allowed,
    Refused,
}

/// Which keys a mapping may have.
#[derive(Debug)]
pub(crate) enum Keys {
    /// It is no mapping, or anything goes.
    Any,
    /// These keys, and others where allowed.
    Fields(&'static [Field], Extensions),
    /// Names that people choose, of letters, digits, `.`, `_` and `-`.
    Names(&'static Shape),
    /// Any text.
    Texts(&'static Shape),
}

impl Keys {
    const fn have_identities(&self) -> bool {
        match self {
            Self::Any => false,
            Self::Names(child) | Self::Texts(child) => child.has_identities,
            Self::Fields(fields, _) => {
                let mut index = 0;
                while index < fields.len() {
                    let Field {
                        identity, shape, ..
                    } = &fields[index];
                    if !matches!(identity, Identity::None) || shape.has_identities {
                        return true;
                    }
                    index += 1;
                }
                false
            }
        }
    }
}

/// For each letter of the alphabet, which fields begin with it, as bits.
///
/// A service has ninety keys and each is looked up many times, so those with one first letter are found at once.
#[derive(Debug)]
pub(crate) struct FirstLetters([u128; 26]);

impl FirstLetters {
    const fn of(fields: &[Field]) -> Self {
        assert!(fields.len() <= u128::BITS as usize);
        let mut letters = [0; 26];
        let mut index = 0;
        while index < fields.len() {
            letters[(fields[index].key.as_bytes()[0] - b'a') as usize] |= 1 << index;
            index += 1;
        }
        Self(letters)
    }

    /// Positions of the fields that may be called `key`.
    fn candidates(&self, key: &str) -> impl Iterator<Item = usize> + use<> {
        let letter = key.bytes().next().and_then(|first| first.checked_sub(b'a'));
        let mut left = letter
            .and_then(|letter| self.0.get(usize::from(letter)))
            .copied()
            .unwrap_or_default();
        std::iter::from_fn(move || {
            let position = (left != 0).then_some(left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(position)
        })
    }
}

/// Which keys a mapping may have besides its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extensions {
    /// Those that start with `x-`.
    Allowed,
    /// Those as well; the model leaves them out.
    Dropped,
    /// All, because the schema leaves them open; the model leaves them out.
    AnyKey,
    Refused,
}

impl Extensions {
    pub(crate) fn allow(self, key: &str) -> bool {
        match self {
            Self::Allowed | Self::Dropped => key.starts_with("x-"),
            Self::AnyKey => true,
            Self::Refused => false,
        }
    }
}

/// One key of a mapping.
#[derive(Debug)]
pub(crate) struct Field {
    pub key: &'static str,
    pub shape: &'static Shape,
    pub merge: Merge,
    pub identity: Identity,
    pub presence: Presence,
}

/// Whether a key has to be there, in the file or in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Optional,
    /// The file must have it.
    Required,
    /// The model shows it even when the file does not have it.
    AlwaysShown,
    /// Both.
    RequiredAndShown,
}

/// How a later file's value meets an earlier one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    /// Mappings key by key, lists one after the other, anything else replaced.
    Usual,
    /// The later one replaces the earlier.
    Replace,
    /// `KEY=value` lists and mappings alike, key by key.
    Pairs,
    /// As before, but the same pair in both is refused.
    PairsOnce,
    /// A text or a list, one after the other.
    Lists,
    /// Both in their long form, then key by key.
    Expanded,
    /// Host entries: a list without repeats.
    Hosts,
    /// Key by key when both name the same driver, else replaced.
    SameDriver,
    /// Pools with the same subnet become one.
    Pools,
}

/// What makes two items of a list the same, so that the later replaces the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    None,
    /// The part before `=`, or the whole text.
    Key,
    /// The target of a mount.
    MountTarget,
    /// The target of a device.
    DeviceTarget,
    /// Address, published port, target and protocol.
    Port,
    /// The path.
    Path,
    /// The number as text.
    Number,
    /// The target of a secret.
    SecretTarget,
    /// The target of a config.
    ConfigTarget,
}

/// The short form that is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Short {
    None,
    /// A text is a list of one.
    TextToList,
    /// `KEY=value` texts are a mapping.
    PairsToMapping,
    /// As before, but every text needs its `=`.
    StrictPairsToMapping,
    /// A list of names is a mapping to nothing.
    NamesToMapping,
    Build,
    Dependencies,
    Device,
    EnvFiles,
    FileReference,
    Gpus,
    Mount,
    Ports,
    Provenance,
    Resource,
    Ssh,
}

/// How the canonical model shows a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it is.
    Raw,
    /// Not at all: Compose takes it and shows it nowhere.
    Unshown,
    /// Text; left out when empty.
    Text,
    /// A number or a text, as text.
    Word,
    /// A number or a text, as text; an empty one stays.
    Words,
    /// `true`, or left out.
    Flag,
    /// `true` or `false`, left out when not written.
    Switch,
    /// A whole number, left out when 0.
    Integer,
    /// A whole number, left out when not written.
    Count,
    /// A number in single precision, left out when 0.
    Float,
    /// A size in bytes, as text; left out when 0.
    Bytes,
    /// A duration, left out when 0.
    Duration,
    /// A duration, left out when not written.
    OptionalDuration,
    /// Words of a command line, or nothing.
    Command,
    /// The test of a health check.
    HealthTest,
    /// A list of texts, left out when empty.
    Texts,
    /// Names with texts or nothing.
    Environment,
    /// Names with texts; nothing is the empty text.
    Pairs,
    /// `host=address` texts, sorted.
    Hosts,
    /// Names with lists of texts.
    MultiPairs,
    /// File permissions in octal, as text.
    FileMode,
    /// A number of devices; `all` is -1.
    DeviceCount,
    /// Keys of this table, shown even when there are none.
    Record,
    /// As before, but Compose's JSON has these keys with a capital letter.
    CapitalRecord,
    /// Items of this table, left out when empty.
    List,
    /// Names with values of this table, left out when empty.
    Map,
    /// A number, or a record with `soft` and `hard`.
    Ulimit,
    /// `default` or `name: path`.
    Ssh,
    /// `true`, or a mapping with the outside name.
    External,
}

const fn shape(accepts: Types, form: Form) -> Shape {
    Shape {
        accepts,
        text: TextRule::Any,
        range: None,
        items: None,
        repeats: Repeats::Allowed,
        keys: Keys::Any,
        first_letters: FirstLetters::of(&[]),
        has_identities: false,
        short: Short::None,
        form,
    }
}

impl Shape {
    const fn with_short(mut self, short: Short) -> Shape {
        self.short = short;
        self
    }

    const fn with_form(mut self, form: Form) -> Shape {
        self.form = form;
        self
    }

    const fn one_of(mut self, texts: &'static [&'static str]) -> Shape {
        self.text = TextRule::OneOf(texts);
        self
    }

    const fn text_rule(mut self, rule: TextRule) -> Shape {
        self.text = rule;
        self
    }

    const fn between(mut self, low: i64, high: i64) -> Shape {
        self.range = Some((low, high));
        self
    }

    const fn or(mut self, types: Types) -> Shape {
        self.accepts = self.accepts.or(types);
        self
    }

    const fn items(mut self, items: &'static Shape, repeats: Repeats) -> Shape {
        self.accepts = self.accepts.or(SEQUENCE);
        self.items = Some(items);
        self.repeats = repeats;
        self
    }

    const fn keys(mut self, keys: Keys) -> Shape {
        self.accepts = self.accepts.or(MAPPING);
        if let Keys::Fields(fields, _) = &keys {
            self.first_letters = FirstLetters::of(fields);
        }
        self.has_identities = keys.have_identities();
        self.keys = keys;
        self
    }

    /// The fields, if it is a mapping with known keys.
    pub(crate) fn fields(&self) -> &'static [Field] {
        match self.keys {
            Keys::Fields(fields, _) => fields,
            _ => &[],
        }
    }

    /// Whether the model keeps keys that start with `x-`.
    pub(crate) fn shows_extensions(&self) -> bool {
        matches!(self.keys, Keys::Fields(_, Extensions::Allowed))
    }

    /// What the value of `key` may hold, if this is a mapping.
    pub(crate) fn child(&self, key: &str) -> &'static Shape {
        match self.keys {
            Keys::Names(child) | Keys::Texts(child) => child,
            _ => self.field(key).map_or(&ANYTHING, |field| field.shape),
        }
    }

    /// The field called `key`.
    pub(crate) fn field(&self, key: &str) -> Option<&'static Field> {
        let fields = self.fields();
        self.first_letters
            .candidates(key)
            .filter_map(|position| fields.get(position))
            .find(|field| field.key == key)
    }
}

const NOTHING: Types = Types(0);

const fn list(items: &'static Shape, form: Form) -> Shape {
    shape(NOTHING, form).items(items, Repeats::Allowed)
}

const fn set(items: &'static Shape, form: Form) -> Shape {
    shape(NOTHING, form).items(items, Repeats::Refused)
}

const fn record(fields: &'static [Field]) -> Shape {
    shape(NOTHING, Form::Record).keys(Keys::Fields(fields, Extensions::Allowed))
}

const fn closed_record(fields: &'static [Field]) -> Shape {
    shape(NOTHING, Form::Record).keys(Keys::Fields(fields, Extensions::Refused))
}

/// A record that takes any other key, and of which the model has the known ones.
const fn open_record(fields: &'static [Field]) -> Shape {
    shape(NOTHING, Form::Record).keys(Keys::Fields(fields, Extensions::AnyKey))
}

/// A record of which the model leaves out the `x-` keys.
const fn bare_record(fields: &'static [Field]) -> Shape {
    shape(NOTHING, Form::Record).keys(Keys::Fields(fields, Extensions::Dropped))
}

const fn names(values: &'static Shape) -> Shape {
    shape(NOTHING, Form::Map).keys(Keys::Names(values))
}

const fn texts(values: &'static Shape, form: Form) -> Shape {
    shape(NOTHING, form).keys(Keys::Texts(values))
}

const fn field(key: &'static str, shape: &'static Shape) -> Field {
    Field {
        key,
        shape,
        merge: Merge::Usual,
        identity: Identity::None,
        presence: Presence::Optional,
    }
}

impl Field {
    const fn merge(mut self, merge: Merge) -> Field {
        self.merge = merge;
        self
    }

    const fn same(mut self, identity: Identity) -> Field {
        self.identity = identity;
        self
    }

    const fn required(mut self) -> Field {
        self.presence = Presence::Required;
        self
    }

    const fn shown(mut self) -> Field {
        self.presence = Presence::AlwaysShown;
        self
    }

    const fn required_and_shown(mut self) -> Field {
        self.presence = Presence::RequiredAndShown;
        self
    }

    /// Whether the file must have it.
    pub(crate) fn is_required(&self) -> bool {
        matches!(
            self.presence,
            Presence::Required | Presence::RequiredAndShown
        )
    }

    /// Whether the model shows it in any case.
    pub(crate) fn is_always_shown(&self) -> bool {
        matches!(
            self.presence,
            Presence::AlwaysShown | Presence::RequiredAndShown
        )
    }
}

// Single values.

/// What nothing is known about.
pub(crate) static ANYTHING: Shape = shape(Types(255), Form::Raw);
static TEXT: Shape = shape(STRING, Form::Text);
static ITEM: Shape = shape(STRING, Form::Words);
/// The schema takes any number here; Compose then fails to read one with a point.
static ITEM_OR_INTEGER: Shape = shape(STRING.or(DIGITS), Form::Words);
static UNSHOWN_TEXT: Shape = shape(STRING, Form::Unshown);
static TEXT_OR_INTEGER: Shape = shape(STRING.or(DIGITS), Form::Word);
static TEXT_OR_BOOLEAN: Shape = shape(STRING.or(BOOLEAN), Form::Text).with_short(Short::Provenance);
static FLAG: Shape = shape(BOOLEAN.or(STRING), Form::Flag);
static STRICT_FLAG: Shape = shape(BOOLEAN, Form::Flag);
static SWITCH: Shape = shape(BOOLEAN.or(STRING), Form::Switch);
static WHOLE: Shape = shape(INTEGER.or(STRING), Form::Integer);
static STRICT_WHOLE: Shape = shape(INTEGER, Form::Integer);
/// A whole number whose text Compose reads itself, so that it has no point.
static LIMIT: Shape = shape(DIGITS.or(STRING), Form::Count);
static WHOLE_OF_NUMBER: Shape = shape(NUMBER.or(STRING), Form::Integer);
static PRIORITY: Shape = shape(NUMBER, Form::Integer);
static COUNT: Shape = shape(INTEGER.or(STRING), Form::Count);
static UNSIGNED_COUNT: Shape = shape(INTEGER.or(STRING), Form::Count).between(0, i64::MAX);
static UNSIGNED_COUNT_OF_NUMBER: Shape = shape(NUMBER.or(STRING), Form::Count).between(0, i64::MAX);
/// The schema also takes a text here and in the next one; Compose then fails to read it.
static TMPFS_MODE: Shape = shape(NUMBER, Form::Integer).between(0, i64::MAX);
static SHOWN_WHOLE: Shape = shape(INTEGER, Form::Count).between(0, i64::MAX);
static NOT_NEGATIVE: Shape = shape(INTEGER.or(STRING), Form::Integer).between(0, i64::MAX);
static PERCENT: Shape = shape(INTEGER.or(STRING), Form::Float).between(0, 100);
static OOM_SCORE: Shape = shape(INTEGER.or(STRING), Form::Integer).between(-1000, 1000);
static DECIMAL: Shape = shape(NUMBER.or(STRING), Form::Float);
static BYTES: Shape = shape(NUMBER.or(STRING), Form::Bytes);
static WHOLE_BYTES: Shape = shape(INTEGER.or(STRING), Form::Bytes);
static TEXT_BYTES: Shape = shape(STRING, Form::Bytes);
static TMPFS_SIZE: Shape = shape(INTEGER.or(STRING), Form::Bytes).between(0, i64::MAX);
static BLOCK_WEIGHT: Shape = shape(INTEGER, Form::Integer).between(0, i64::MAX);
static DURATION: Shape = shape(STRING, Form::Duration);
static OPTIONAL_DURATION: Shape = shape(STRING, Form::OptionalDuration);
/// The schema takes any number here; Compose then fails to read one with a point.
static FILE_MODE: Shape = shape(DIGITS.or(STRING), Form::FileMode);
static DEVICE_COUNT: Shape = shape(DIGITS.or(STRING), Form::DeviceCount);
static CONTAINER_NAME: Shape = shape(STRING, Form::Text).text_rule(TextRule::ContainerName);
static PULL_POLICY: Shape = shape(STRING, Form::Text).text_rule(TextRule::PullPolicy);
static CGROUP: Shape = shape(STRING, Form::Text).one_of(&["host", "private"]);

// Lists and mappings that many keys share.

static TEXTS: Shape = list(&ITEM, Form::Texts);
static DISTINCT_TEXTS: Shape = set(&ITEM, Form::Texts);
static TEXT_OR_TEXTS: Shape = set(&ITEM, Form::Texts)
    .or(STRING)
    .with_short(Short::TextToList);
static FILES: Shape = list(&ITEM, Form::Texts)
    .or(STRING)
    .with_short(Short::TextToList);
static DISTINCT_TEXTS_OR_INTEGERS: Shape = set(&ITEM_OR_INTEGER, Form::Texts);
static COMMAND: Shape = list(&ITEM, Form::Command).or(STRING).or(NULL);
static HEALTH_TEST: Shape = list(&ITEM, Form::HealthTest).or(STRING);
static PAIR_VALUE: Shape = shape(STRING.or(NUMBER).or(BOOLEAN).or(NULL), Form::Words);
static ENVIRONMENT: Shape = texts(&PAIR_VALUE, Form::Environment)
    .items(&ITEM, Repeats::Refused)
    .with_short(Short::PairsToMapping);
static PAIRS: Shape = texts(&PAIR_VALUE, Form::Pairs)
    .items(&ITEM, Repeats::Refused)
    .with_short(Short::PairsToMapping);
/// The schema takes other scalars here too; Compose then breaks off.
static CONTEXTS: Shape = texts(&ITEM, Form::Pairs)
    .items(&ITEM, Repeats::Refused)
    .with_short(Short::StrictPairsToMapping);
static SSH: Shape = texts(&PAIR_VALUE, Form::Ssh)
    .items(&ITEM, Repeats::Refused)
    .with_short(Short::Ssh);
static OPTION_VALUE: Shape = shape(STRING.or(NUMBER), Form::Words);
static OPTIONS: Shape = texts(&OPTION_VALUE, Form::Pairs);
static LOGGING_OPTION: Shape = shape(STRING.or(NUMBER).or(NULL), Form::Words);
static LOGGING_OPTIONS: Shape = texts(&LOGGING_OPTION, Form::Pairs);
/// The schema takes more here; Compose then reads only these.
static PLAIN_OPTION: Shape = shape(STRING.or(DIGITS), Form::Words);
static PLAIN_OPTIONS: Shape = texts(&PLAIN_OPTION, Form::Pairs);
static STORAGE_OPTION: Shape = shape(STRING.or(DIGITS).or(NULL), Form::Words);
static STORAGE_OPTIONS: Shape = texts(&STORAGE_OPTION, Form::Pairs);
static STRICT_TEXTS_BY_NAME: Shape = texts(&ITEM, Form::Pairs);
static UNSHOWN_TEXTS_BY_NAME: Shape = texts(&ITEM, Form::Unshown);
static PROVIDER_ITEM: Shape = shape(STRING.or(NUMBER).or(BOOLEAN), Form::Words);
static PROVIDER_OPTION: Shape = list(&PROVIDER_ITEM, Form::Raw)
    .or(STRING)
    .or(NUMBER)
    .or(BOOLEAN);
static PROVIDER_OPTIONS: Shape = texts(&PROVIDER_OPTION, Form::MultiPairs);
static HOST: Shape = list(&ITEM, Form::Raw).or(STRING);
static HOSTS: Shape = texts(&HOST, Form::Hosts).items(&ITEM, Repeats::Refused);
static ULIMIT: Shape = bare_record(&[
    field("soft", &LIMIT).required_and_shown(),
    field("hard", &LIMIT).required_and_shown(),
])
.or(DIGITS)
.or(STRING)
.with_form(Form::Ulimit);
static ULIMITS: Shape = texts(&ULIMIT, Form::Map);
/// The schema takes texts for these; Compose then fails to read them.
static BUILD_ULIMIT: Shape = bare_record(&[
    field("soft", &BUILD_LIMIT).required_and_shown(),
    field("hard", &BUILD_LIMIT).required_and_shown(),
])
.or(DIGITS)
.with_form(Form::Ulimit);
static BUILD_LIMIT: Shape = shape(DIGITS, Form::Count);
static BUILD_ULIMITS: Shape = texts(&BUILD_ULIMIT, Form::Map);

static FILE_REFERENCE: Shape = record(&[
    field("source", &TEXT),
    field("target", &TEXT),
    field("uid", &TEXT),
    field("gid", &TEXT),
    field("mode", &FILE_MODE),
])
.or(STRING)
.with_short(Short::FileReference);
static FILE_REFERENCES: Shape = list(&FILE_REFERENCE, Form::List);

static DEVICE_REQUEST: Shape = bare_record(&[
    field("capabilities", &DISTINCT_TEXTS).required(),
    field("driver", &TEXT),
    field("count", &DEVICE_COUNT),
    field("device_ids", &DISTINCT_TEXTS),
    field("options", &PAIRS),
]);
static DEVICE_REQUESTS: Shape = list(&DEVICE_REQUEST, Form::List);
static GPU: Shape = open_record(&[
    field("capabilities", &DISTINCT_TEXTS),
    field("driver", &TEXT),
    field("count", &DEVICE_COUNT),
    field("device_ids", &DISTINCT_TEXTS),
    field("options", &PAIRS),
]);
static GPUS: Shape = list(&GPU, Form::List)
    .or(STRING)
    .one_of(&["all"])
    .with_short(Short::Gpus);

static HOOK: Shape = record(&[
    field("command", &COMMAND).required_and_shown(),
    field("user", &TEXT),
    field("privileged", &FLAG),
    field("working_dir", &TEXT),
    field("environment", &ENVIRONMENT),
]);
static HOOKS: Shape = list(&HOOK, Form::List);

// Services.

static BUILD: Shape = record(&[
    field("context", &TEXT),
    field("dockerfile", &TEXT),
    field("dockerfile_inline", &TEXT),
    field("entitlements", &TEXTS),
    field("args", &ENVIRONMENT)
        .merge(Merge::Pairs)
        .same(Identity::Key),
    field("provenance", &TEXT_OR_BOOLEAN),
    field("sbom", &TEXT_OR_BOOLEAN),
    field("ssh", &SSH),
    field("labels", &PAIRS)
        .merge(Merge::Pairs)
        .same(Identity::Key),
    field("cache_from", &TEXTS),
    field("cache_to", &TEXTS),
    field("no_cache", &FLAG),
    field("additional_contexts", &CONTEXTS)
        .merge(Merge::Pairs)
        .same(Identity::Key),
    field("pull", &FLAG),
    field("extra_hosts", &HOSTS).merge(Merge::Hosts),
    field("isolation", &TEXT),
    field("network", &TEXT),
    field("target", &TEXT),
    field("secrets", &FILE_REFERENCES),
    field("shm_size", &WHOLE_BYTES),
    field("tags", &TEXTS).same(Identity::Key),
    field("ulimits", &BUILD_ULIMITS),
    field("platforms", &TEXTS),
    field("privileged", &FLAG),
])
.or(STRING)
.with_short(Short::Build);

static THROTTLE: Shape = closed_record(&[
    field("path", &ITEM).shown(),
    field("rate", &WHOLE_BYTES).shown(),
])
.with_form(Form::CapitalRecord);
static THROTTLES: Shape = list(&THROTTLE, Form::List);
static WEIGHT: Shape = closed_record(&[
    field("path", &ITEM).shown(),
    field("weight", &SHOWN_WHOLE).shown(),
])
.with_form(Form::CapitalRecord);
static WEIGHTS: Shape = list(&WEIGHT, Form::List);
static BLKIO: Shape = closed_record(&[
    field("weight", &BLOCK_WEIGHT),
    field("weight_device", &WEIGHTS),
    field("device_read_bps", &THROTTLES),
    field("device_read_iops", &THROTTLES),
    field("device_write_bps", &THROTTLES),
    field("device_write_iops", &THROTTLES),
]);

static CREDENTIAL: Shape = record(&[
    field("config", &TEXT),
    field("file", &TEXT),
    field("registry", &TEXT),
]);

static CONDITION: Shape = shape(STRING, Form::Text).one_of(&[
    "service_started",
    "service_healthy",
    "service_completed_successfully",
]);
static DEPENDENCY: Shape = record(&[
    field("condition", &CONDITION).required(),
    field("restart", &FLAG),
    field("required", &SHOWN_FLAG).shown(),
]);
static SHOWN_FLAG: Shape = shape(BOOLEAN, Form::Switch);
static DEPENDENCIES: Shape = names(&DEPENDENCY)
    .items(&ITEM, Repeats::Refused)
    .with_short(Short::Dependencies);

static ROLLOUT: Shape = record(&[
    field("parallelism", &UNSIGNED_COUNT),
    field("delay", &DURATION),
    field("failure_action", &TEXT),
    field("monitor", &DURATION),
    field("max_failure_ratio", &DECIMAL),
    field("order", &ROLLOUT_ORDER),
]);
static ROLLOUT_ORDER: Shape = shape(STRING, Form::Text).one_of(&["start-first", "stop-first"]);
static RESOURCE_LIMITS: Shape = record(&[
    field("cpus", &DECIMAL),
    field("memory", &TEXT_BYTES),
    field("pids", &WHOLE),
]);
static DISCRETE_RESOURCE: Shape = record(&[
    field("kind", &ITEM).shown(),
    field("value", &DISCRETE_VALUE).shown(),
]);
static DISCRETE_VALUE: Shape = shape(NUMBER.or(STRING), Form::Count);
static GENERIC_RESOURCE: Shape = record(&[field("discrete_resource_spec", &DISCRETE_RESOURCE)]);
static GENERIC_RESOURCES: Shape = list(&GENERIC_RESOURCE, Form::List);
static RESERVATIONS: Shape = record(&[
    field("cpus", &DECIMAL),
    field("memory", &TEXT_BYTES),
    field("devices", &DEVICE_REQUESTS),
    field("generic_resources", &GENERIC_RESOURCES),
]);
static RESOURCES: Shape = record(&[
    field("limits", &RESOURCE_LIMITS),
    field("reservations", &RESERVATIONS),
]);
static RESTART_POLICY: Shape = record(&[
    field("condition", &TEXT),
    field("delay", &OPTIONAL_DURATION),
    field("max_attempts", &UNSIGNED_COUNT),
    field("window", &OPTIONAL_DURATION),
]);
static PREFERENCE: Shape = record(&[field("spread", &TEXT)]);
static PREFERENCES: Shape = list(&PREFERENCE, Form::List);
static PLACEMENT: Shape = record(&[
    field("constraints", &TEXTS),
    field("preferences", &PREFERENCES),
    field("max_replicas_per_node", &NOT_NEGATIVE),
]);
static DEPLOY: Shape = record(&[
    field("mode", &TEXT),
    field("replicas", &COUNT),
    field("labels", &PAIRS)
        .merge(Merge::Pairs)
        .same(Identity::Key),
    field("update_config", &ROLLOUT),
    field("rollback_config", &ROLLOUT),
    field("resources", &RESOURCES).shown(),
    field("restart_policy", &RESTART_POLICY),
    field("placement", &PLACEMENT).shown(),
    field("endpoint_mode", &TEXT),
])
.or(NULL);

static WATCH: Shape = record(&[
    field("path", &ITEM).required_and_shown(),
    field("action", &WATCH_ACTION).required_and_shown(),
    field("target", &TEXT),
    field("exec", &HOOK).shown(),
    field("include", &TEXT_OR_TEXTS),
    field("ignore", &TEXT_OR_TEXTS),
    field("initial_sync", &STRICT_FLAG),
]);
static WATCH_ACTION: Shape =
    shape(STRING, Form::Words).one_of(&["rebuild", "sync", "restart", "sync+restart", "sync+exec"]);
static WATCHES: Shape = list(&WATCH, Form::List);
static DEVELOP: Shape = record(&[field("watch", &WATCHES)]).or(NULL);

static DEVICE: Shape = record(&[
    field("source", &TEXT).required(),
    field("target", &TEXT).required(),
    field("permissions", &TEXT),
])
.or(STRING)
.with_short(Short::Device);
static DEVICES: Shape = list(&DEVICE, Form::List);

static ENV_FILE: Shape = closed_record(&[
    field("path", &ITEM).required(),
    field("format", &TEXT),
    field("required", &FLAG),
])
.or(STRING);
static ENV_FILES: Shape = list(&ENV_FILE, Form::List)
    .or(STRING)
    .with_short(Short::EnvFiles);

static EXTENDS: Shape =
    closed_record(&[field("service", &TEXT).required(), field("file", &TEXT)]).or(STRING);

static HEALTHCHECK: Shape = record(&[
    field("test", &HEALTH_TEST).merge(Merge::Replace),
    field("timeout", &OPTIONAL_DURATION),
    field("interval", &OPTIONAL_DURATION),
    field("retries", &UNSIGNED_COUNT_OF_NUMBER),
    field("start_period", &OPTIONAL_DURATION),
    field("start_interval", &OPTIONAL_DURATION),
    field("disable", &FLAG),
]);

static LOGGING: Shape = record(&[field("driver", &TEXT), field("options", &LOGGING_OPTIONS)]);

static SERVICE_MODEL: Shape =
    record(&[field("endpoint_var", &TEXT), field("model_var", &TEXT)]).or(NULL);
static SERVICE_MODELS: Shape = names(&SERVICE_MODEL)
    .items(&ITEM, Repeats::Refused)
    .with_short(Short::NamesToMapping);

static SERVICE_NETWORK: Shape = record(&[
    field("aliases", &DISTINCT_TEXTS).same(Identity::Key),
    field("driver_opts", &OPTIONS),
    field("gw_priority", &PRIORITY),
    field("interface_name", &TEXT),
    field("ipv4_address", &TEXT),
    field("ipv6_address", &TEXT),
    field("link_local_ips", &DISTINCT_TEXTS).same(Identity::Key),
    field("mac_address", &TEXT),
    field("priority", &PRIORITY),
])
.or(NULL);
static SERVICE_NETWORKS: Shape = names(&SERVICE_NETWORK)
    .items(&ITEM, Repeats::Refused)
    .with_short(Short::NamesToMapping);

static PORT: Shape = record(&[
    field("name", &TEXT),
    field("mode", &TEXT),
    field("host_ip", &TEXT),
    field("target", &NOT_NEGATIVE).required(),
    field("published", &TEXT_OR_INTEGER),
    field("protocol", &TEXT),
    field("app_protocol", &TEXT),
])
.or(STRING)
.or(DIGITS);
static PORTS: Shape = set(&PORT, Form::List).with_short(Short::Ports);

static PROVIDER: Shape = record(&[
    field("type", &TEXT).required(),
    field("options", &PROVIDER_OPTIONS),
]);

static BIND_OPTIONS: Shape = record(&[
    field("selinux", &SELINUX),
    field("propagation", &TEXT),
    field("create_host_path", &FLAG),
    field("recursive", &RECURSIVE),
]);
static SELINUX: Shape = shape(STRING, Form::Text).one_of(&["z", "Z"]);
static RECURSIVE: Shape =
    shape(STRING, Form::Text).one_of(&["enabled", "disabled", "writable", "readonly"]);
static VOLUME_OPTIONS: Shape = record(&[
    field("labels", &PAIRS),
    field("nocopy", &FLAG),
    field("subpath", &TEXT),
]);
static TMPFS_OPTIONS: Shape = record(&[field("size", &TMPFS_SIZE), field("mode", &TMPFS_MODE)]);
static IMAGE_OPTIONS: Shape = record(&[field("subpath", &TEXT)]);
static MOUNT: Shape = record(&[
    field("type", &MOUNT_TYPE).required(),
    field("source", &TEXT),
    field("target", &TEXT).required(),
    field("read_only", &FLAG),
    field("consistency", &TEXT),
    field("bind", &BIND_OPTIONS),
    field("volume", &VOLUME_OPTIONS),
    field("tmpfs", &TMPFS_OPTIONS),
    field("image", &IMAGE_OPTIONS),
])
.or(STRING)
.with_short(Short::Mount);
static MOUNT_TYPE: Shape =
    shape(STRING, Form::Text).one_of(&["bind", "volume", "tmpfs", "cluster", "npipe", "image"]);
static MOUNTS: Shape = set(&MOUNT, Form::List);

/// One service.
pub(crate) static SERVICE: Shape = record(&[
    field("profiles", &DISTINCT_TEXTS).same(Identity::Key),
    field("annotations", &PAIRS)
        .merge(Merge::Pairs)
        .same(Identity::Key),
    field("attach", &SWITCH),
    field("build", &BUILD).merge(Merge::Expanded),
    field("develop", &DEVELOP),
    field("blkio_config", &BLKIO),
    field("cap_add", &DISTINCT_TEXTS).same(Identity::Key),
    field("cap_drop", &DISTINCT_TEXTS).same(Identity::Key),
    field("cgroup_parent", &TEXT),
    field("cgroup", &CGROUP),
    field("cpu_count", &NOT_NEGATIVE),
    field("cpu_percent", &PERCENT),
    field("cpu_period", &WHOLE_OF_NUMBER),
    field("cpu_quota", &WHOLE_OF_NUMBER),
    field("cpu_rt_period", &WHOLE_OF_NUMBER),
    field("cpu_rt_runtime", &WHOLE_OF_NUMBER),
    field("cpus", &DECIMAL),
    field("cpuset", &TEXT),
    field("cpu_shares", &WHOLE_OF_NUMBER),
    field("command", &COMMAND).merge(Merge::Replace).shown(),
    field("configs", &FILE_REFERENCES).same(Identity::ConfigTarget),
    field("container_name", &CONTAINER_NAME),
    field("credential_spec", &CREDENTIAL),
    field("depends_on", &DEPENDENCIES).merge(Merge::Expanded),
    field("deploy", &DEPLOY),
    field("device_cgroup_rules", &DISTINCT_TEXTS),
    field("devices", &DEVICES).same(Identity::DeviceTarget),
    field("dns", &TEXT_OR_TEXTS)
        .merge(Merge::Lists)
        .same(Identity::Key),
    field("dns_opt", &DISTINCT_TEXTS)
        .merge(Merge::Lists)
        .same(Identity::Key),
    field("dns_search", &TEXT_OR_TEXTS)
        .merge(Merge::Lists)
        .same(Identity::Key),
    field("domainname", &TEXT),
    field("entrypoint", &COMMAND).merge(Merge::Replace).shown(),
    field("provider", &PROVIDER),
    field("environment", &ENVIRONMENT)
        .merge(Merge::Pairs)
        .same(Identity::Key),
    field("env_file", &ENV_FILES)
        .merge(Merge::Lists)
        .same(Identity::Path),
    field("expose", &DISTINCT_TEXTS_OR_INTEGERS).same(Identity::Number),
    field("extends", &EXTENDS),
    field("external_links", &DISTINCT_TEXTS),
    field("extra_hosts", &HOSTS).merge(Merge::Hosts),
    field("group_add", &DISTINCT_TEXTS_OR_INTEGERS),
    field("gpus", &GPUS),
    field("hostname", &TEXT),
    field("healthcheck", &HEALTHCHECK),
    field("image", &TEXT),
    field("init", &SWITCH),
    field("ipc", &TEXT),
    field("isolation", &TEXT),
    field("labels", &PAIRS)
        .merge(Merge::Pairs)
        .same(Identity::Key),
    field("label_file", &FILES).merge(Merge::Lists),
    field("links", &DISTINCT_TEXTS).same(Identity::Key),
    field("logging", &LOGGING).merge(Merge::SameDriver),
    field("mem_limit", &BYTES),
    field("mem_reservation", &WHOLE_BYTES),
    field("memswap_limit", &BYTES),
    field("mem_swappiness", &WHOLE_BYTES),
    field("mac_address", &TEXT),
    field("models", &SERVICE_MODELS).merge(Merge::Expanded),
    field("network_mode", &TEXT),
    field("networks", &SERVICE_NETWORKS).merge(Merge::Expanded),
    field("oom_kill_disable", &FLAG),
    field("oom_score_adj", &OOM_SCORE),
    // The schema takes nothing here too; Compose then breaks off.
    field("pid", &TEXT),
    field("pids_limit", &WHOLE_OF_NUMBER),
    field("platform", &TEXT),
    field("ports", &PORTS).same(Identity::Port),
    field("privileged", &FLAG),
    field("pull_policy", &PULL_POLICY),
    field("pull_refresh_after", &UNSHOWN_TEXT),
    field("read_only", &FLAG),
    field("restart", &TEXT),
    field("runtime", &TEXT),
    field("scale", &COUNT),
    field("secrets", &FILE_REFERENCES).same(Identity::SecretTarget),
    field("security_opt", &DISTINCT_TEXTS),
    field("shm_size", &BYTES),
    field("stdin_open", &FLAG),
    field("stop_grace_period", &OPTIONAL_DURATION),
    field("stop_signal", &TEXT),
    field("storage_opt", &STORAGE_OPTIONS),
    field("sysctls", &PAIRS)
        .merge(Merge::Pairs)
        .same(Identity::Key),
    field("tmpfs", &TEXT_OR_TEXTS)
        .merge(Merge::Lists)
        .same(Identity::Key),
    field("tty", &FLAG),
    field("ulimits", &ULIMITS),
    field("use_api_socket", &STRICT_FLAG),
    field("user", &TEXT),
    field("userns_mode", &TEXT),
    field("uts", &TEXT),
    field("volumes", &MOUNTS).same(Identity::MountTarget),
    field("volumes_from", &DISTINCT_TEXTS),
    field("working_dir", &TEXT),
    field("post_start", &HOOKS),
    field("pre_stop", &HOOKS),
]);

// Top-level elements.

static EXTERNAL: Shape = record(&[field("name", &TEXT)])
    .or(BOOLEAN)
    .or(STRING)
    .with_form(Form::External);

static OPEN_EXTERNAL: Shape = open_record(&[field("name", &TEXT)])
    .or(BOOLEAN)
    .or(STRING)
    .with_form(Form::External);

static POOL: Shape = bare_record(&[
    field("subnet", &TEXT),
    field("gateway", &TEXT),
    field("ip_range", &TEXT),
    field("aux_addresses", &STRICT_TEXTS_BY_NAME),
]);
static POOLS: Shape = list(&POOL, Form::List);
static IPAM: Shape = record(&[
    field("driver", &TEXT),
    field("config", &POOLS).merge(Merge::Pools),
    field("options", &UNSHOWN_TEXTS_BY_NAME),
]);
static NETWORK: Shape = record(&[
    field("name", &TEXT),
    field("driver", &TEXT),
    field("driver_opts", &OPTIONS),
    field("ipam", &IPAM).shown(),
    field("external", &EXTERNAL),
    field("internal", &FLAG),
    field("attachable", &FLAG),
    field("labels", &PAIRS)
        .merge(Merge::Pairs)
        .same(Identity::Key),
    field("enable_ipv4", &SWITCH),
    field("enable_ipv6", &SWITCH),
])
.or(NULL)
.with_short(Short::Resource);
static VOLUME: Shape = record(&[
    field("name", &TEXT),
    field("driver", &TEXT),
    field("driver_opts", &OPTIONS),
    field("external", &EXTERNAL),
    field("labels", &PAIRS).merge(Merge::PairsOnce),
])
.or(NULL)
.with_short(Short::Resource);
static SECRET: Shape = record(&[
    field("name", &TEXT),
    field("file", &TEXT),
    field("environment", &TEXT),
    field("external", &OPEN_EXTERNAL),
    field("labels", &PAIRS),
    field("driver", &TEXT),
    field("driver_opts", &PLAIN_OPTIONS),
    field("template_driver", &TEXT),
])
.with_short(Short::Resource);
static CONFIG: Shape = record(&[
    field("name", &TEXT),
    field("file", &TEXT),
    field("environment", &TEXT),
    field("content", &TEXT),
    field("external", &OPEN_EXTERNAL),
    field("labels", &PAIRS),
    field("template_driver", &TEXT),
])
.with_short(Short::Resource);
static MODEL: Shape = record(&[
    field("name", &TEXT),
    field("model", &TEXT).required(),
    field("context_size", &STRICT_WHOLE),
    field("runtime_flags", &TEXTS),
]);

// Compose reads these without its schema: it leaves alone what it does not know, and nothing is nothing.
pub(crate) static INCLUDE: Shape = open_record(&[
    field("path", &INCLUDED_FILES),
    field("env_file", &INCLUDED_FILES),
    field("project_directory", &FOLDER),
])
.or(STRING)
.or(NULL);
static FOLDER: Shape = shape(STRING.or(INTEGER).or(NULL), Form::Word);
static INCLUDED_FILES: Shape = list(&ITEM, Form::Texts).or(STRING).or(NULL);
static INCLUDES: Shape = list(&INCLUDE, Form::List).or(NULL);

pub(crate) static SERVICES: Shape = names(&SERVICE);
static NETWORKS: Shape = texts(&NETWORK, Form::Map);
static VOLUMES: Shape = names(&VOLUME);
static SECRETS: Shape = names(&SECRET);
static CONFIGS: Shape = names(&CONFIG);
static MODELS: Shape = texts(&MODEL, Form::Map);

/// A whole Compose file.
pub(crate) static PROJECT: Shape = record(&[
    field("version", &TEXT),
    field("name", &TEXT),
    field("include", &INCLUDES),
    field("services", &SERVICES).shown(),
    field("networks", &NETWORKS),
    field("volumes", &VOLUMES),
    field("secrets", &SECRETS),
    field("configs", &CONFIGS),
    field("models", &MODELS),
]);
