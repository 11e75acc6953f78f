//! Names that say that a secret follows, and values that are none whatever the name.

/// Where a container finds its secrets. A path there is none itself.
pub const FOLDER: &str = "/run/secrets/";

/// Whether a variable of this name may carry a secret: such a one is rather hidden than shown.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_uppercase();
    let says_so = [
        "PASSWORD",
        "PASSWD",
        "SECRET",
        "TOKEN",
        "CREDENTIAL",
        "APIKEY",
    ]
    .iter()
    .any(|word| name.contains(word));
    let ends_so = ["_PASS", "_PWD", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY"]
        .iter()
        .any(|end| name.ends_with(end));
    let is_place = ["_FILE", "_PATH", "_DIR", "_FOLDER"]
        .iter()
        .any(|end| name.ends_with(end));
    (says_so || ends_so) && !is_place
}

/// What a password's name ends with, as a word of its own.
const LAST: [&str; 14] = [
    "PASSWORD",
    "PASSWORDS",
    "PASSWD",
    "PASSWORT",
    "PASSPHRASE",
    "PASS",
    "DBPASS",
    "PWD",
    "PW",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "CREDENTIALS",
    "APIKEY",
];

/// What the name of a key ends with.
const ENDS: [&str; 9] = [
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "SECRET_KEY",
    "SECRET_KEY_BASE",
    "FERNET_KEY",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "KEY_SALT",
];

/// Whether a variable of this name surely is a password, a key or a token, and not something about one (`TOKEN_URL`, `MAX_TOKENS`).
pub fn is_password(name: &str) -> bool {
    if !is_mentioned(name) {
        return false;
    }
    let name = apart(name).to_uppercase().replace(['-', '.'], "_");
    // `DB_PASSWORD_2`, `DB_PASSWORD_OLD`
    let whole = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '_');
    let mut kinds = ["_OLD", "_NEW"].iter();
    let name = kinds
        .find_map(|kind| whole.strip_suffix(kind))
        .unwrap_or(whole);
    let last = name.rsplit('_').next().unwrap_or(name);
    // The shell's own folder, which a file may hand on.
    let is_folder = matches!(name, "PWD" | "OLDPWD");
    let says_so = LAST.contains(&last)
        || last.ends_with("PASSWORD")
        || ENDS.iter().any(|end| name.ends_with(end));
    says_so && !is_folder
}

/// Whether a name such as [`is_password`] and [`is_secret_flag`] look for can stand in a text: each has one of these in it.
pub fn is_mentioned(text: &str) -> bool {
    const PARTS: [&str; 7] = [
        "pass",
        "pw",
        "secret",
        "token",
        "credential",
        "key",
        "masterauth",
    ];
    let text = text.as_bytes();
    let is_part = |start: usize| {
        PARTS.iter().any(|part| {
            text.get(start..start + part.len())
                .is_some_and(|there| there.eq_ignore_ascii_case(part.as_bytes()))
        })
    };
    let may_begin = |letter: &u8| matches!(letter | 0x20, b'p' | b's' | b't' | b'c' | b'k' | b'm');
    let starts = text
        .iter()
        .enumerate()
        .filter(|(_, letter)| may_begin(letter));
    starts.map(|(start, _)| start).any(is_part)
}

/// `secretKey` as `secret_Key`.
fn apart(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase()
            && words.ends_with(|before: char| before.is_ascii_lowercase())
        {
            words.push('_');
        }
        words.push(letter);
    }
    words
}

/// Whether the value of a flag of this name is a secret.
pub fn is_secret_flag(flag: &str) -> bool {
    matches!(
        flag.to_ascii_lowercase().as_str(),
        "requirepass" | "masterauth"
    ) || is_password(flag)
}

/// Whether a value switches something on or off, as in `ALLOW_EMPTY_PASSWORD=yes`: whatever its name says, it is no secret.
pub fn is_switch(value: &str) -> bool {
    matches!(
        value.to_ascii_lowercase().as_str(),
        "" | "true" | "false" | "yes" | "no" | "on" | "off" | "0" | "1" | "null" | "none" | "~"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_looked_for_is_mentioned() {
        for name in LAST
            .iter()
            .chain(&ENDS)
            .chain(&["RequirePass", "masterAuth"])
        {
            assert!(is_mentioned(&format!("MY_{name}=x")), "{name}");
            assert!(is_mentioned(&name.to_lowercase()), "{name}");
        }
        assert!(!is_mentioned("image: redis:7.4-alpine"));
    }

    #[test]
    fn names_tell_secrets_from_other_settings() {
        for name in [
            "MINIO_ROOT_PASSWORD",
            "MINIO_SECRET_ACCESS_KEY",
            "OPENAI_API_KEY",
            "db_password",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "PARTITION_KEY",
            "MINIO_ROOT_PASSWORD_FILE",
            "MINIO_ACCESS_KEY_ID",
            "MQ_TYPE",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
