//! Where in the model a walk stands.

use std::borrow::Cow;
use std::fmt;

/// A path that costs nothing until it is printed: each step points at the one before.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Item(usize),
}

impl<'a> At<'a> {
    pub(crate) const ROOT: At<'static> = At {
        parent: None,
        step: Step::Root,
    };

    pub(crate) fn key(&'a self, key: &'a str) -> At<'a> {
        At {
            parent: Some(self),
            step: Step::Key(key),
        }
    }

    pub(crate) fn item(&'a self, index: usize) -> At<'a> {
        At {
            parent: Some(self),
            step: Step::Item(index),
        }
    }

    /// How many steps lead here.
    pub(crate) fn depth(&self) -> usize {
        self.parent.map_or(0, |parent| parent.depth() + 1)
    }

    /// The key of the list that this is an item of.
    pub(crate) fn list(&self) -> Option<&'a str> {
        match (self.step, self.parent?.step) {
            (Step::Item(_), Step::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// The key or list position of the last step, for a headline.
    pub(crate) fn name(&self) -> String {
        match self.step {
            Step::Root => "the file".into(),
            Step::Key(key) => format!("`{key}`"),
            Step::Item(_) => match self.parent {
                Some(parent) => format!("an item of {}", parent.name()),
                None => "an item".into(),
            },
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(formatter)?;
            if parent.depth() > 0 {
                formatter.write_str(".")?;
            }
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Key(key) => formatter.write_str(&key_text(key)),
            Step::Item(index) => write!(formatter, "{index}"),
        }
    }
}

/// A key as it stands in a path: in quotes when it has a dot itself.
pub(crate) fn key_text(key: &str) -> Cow<'_, str> {
    if key.contains('.') {
        Cow::Owned(format!("\"{key}\""))
    } else {
        Cow::Borrowed(key)
    }
}
