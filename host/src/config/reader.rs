//! Reads keys from the file and their overrides from the environment, and knows afterwards what nobody asked for.

use super::environment::Environment;
use super::file::Lines;
use super::given::Given;
use super::mistakes::{Mistakes, Place};
use super::plugin::PluginKind;
use crate::values::nearest;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The sections whose keys are the host's own; `[auth]` holds plugins, too.
const SECTIONS: [&str; 7] = ["server", "deploy", "auth", "functions", "limits", "history", "log"];

/// What overriding variables begin with.
const PREFIX: &str = "SHORTEDFAAS_";

/// The name of the variable that overrides `section.key`, also the beginning of many: dashes and dots become underscores.
pub(super) fn variable(parts: &[&str]) -> String {
    format!("{PREFIX}{}", parts.join("_").replace(['-', '.'], "_").to_ascii_uppercase())
}

/// A configuration while it is being read.
pub(super) struct Reader<'a> {
    document: &'a DeTable<'a>,
    lines: &'a Lines,
    pub(super) environment: &'a Environment,
    pub(super) mistakes: Mistakes,
    pub(super) warnings: Vec<String>,
    /// The keys that were asked for, by section.
    known: BTreeMap<&'static str, Vec<&'static str>>,
    /// Where the value of a key comes from, where it has been given.
    places: BTreeMap<String, Place>,
    /// Variables that have served.
    pub(super) used_variables: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        document: &'a DeTable<'a>,
        lines: &'a Lines,
        environment: &'a Environment,
        mistakes: Mistakes,
    ) -> Self {
        Self {
            document,
            lines,
            environment,
            mistakes,
            warnings: Vec::new(),
            known: BTreeMap::new(),
            places: BTreeMap::new(),
            used_variables: BTreeSet::new(),
        }
    }

    pub(super) fn section(&mut self, name: &'static str) -> Section<'_, 'a> {
        Section { reader: self, name }
    }

    /// Takes a value that stands above file and `SHORTEDFAAS_*`; a wrong one is a mistake.
    pub(super) fn overriding<T>(
        &mut self,
        key: &str,
        place: Place,
        result: Result<T, String>,
        slot: &mut T,
    ) {
        match result {
            Ok(value) => *slot = value,
            Err(message) => self.mistakes.add(place.clone(), key, message),
        }
        self.places.insert(key.to_owned(), place);
    }

    /// Where the value of `server.listen` comes from, if it is not the default.
    pub(super) fn place(&self, key: &str) -> Option<&Place> {
        self.places.get(key)
    }

    pub(super) fn line(&self, offset: usize) -> usize {
        self.lines.line(offset)
    }

    /// The sub-tables of a section, in the order of the file.
    pub(super) fn tables(&self, section: &str) -> Vec<(&'a str, usize, &'a DeTable<'a>)> {
        let Some(DeValue::Table(table)) = self.document.get(section).map(Spanned::get_ref) else {
            return Vec::new();
        };
        let mut tables: Vec<_> = table
            .iter()
            .filter_map(|(key, value)| match value.get_ref() {
                DeValue::Table(inner) => Some((key.span().start, key.get_ref().as_ref(), inner)),
                _ => None,
            })
            .collect();
        tables.sort_by_key(|(offset, ..)| *offset);
        tables.into_iter().map(|(offset, name, inner)| (name, self.line(offset), inner)).collect()
    }

    /// After everything was read: what stands in the file or the environment and nobody asked for is a mistake.
    pub(super) fn refuse_the_unknown(&mut self) {
        let document = self.document;
        for (key, value) in document {
            let (name, line) = (key.get_ref().as_ref(), self.line(key.span().start));
            let kind = PluginKind::ALL.into_iter().find(|kind| kind.section() == name);
            match value.get_ref() {
                DeValue::Table(table) if SECTIONS.contains(&name) || kind.is_some() => {
                    self.refuse_unknown_keys(name, kind, table);
                }
                _ if SECTIONS.contains(&name) || kind.is_some() => {
                    let message =
                        Given::Value(value.get_ref()).instead_of(&format!("the table [{name}]"));
                    self.mistakes.add(Place::Line(line), name, message);
                }
                DeValue::Table(_) => {
                    let message = format!("unknown section; {}", self.hint_for_section(name));
                    self.mistakes.add(Place::Line(line), format!("[{name}]"), message);
                }
                _ => {
                    let message = format!("unknown key; {}", self.hint_for_key("", name));
                    self.mistakes.add(Place::Line(line), name, message);
                }
            }
        }
        self.refuse_unknown_variables();
    }

    /// In a section of plugins tables are plugins, whatever their name; everything else must be known.
    fn refuse_unknown_keys(
        &mut self,
        section: &str,
        kind: Option<PluginKind>,
        table: &DeTable<'_>,
    ) {
        for (key, value) in table {
            let (name, value) = (key.get_ref().as_ref(), value.get_ref());
            let is_known = self.known.get(section).is_some_and(|keys| keys.contains(&name));
            if is_known || (kind.is_some() && matches!(value, DeValue::Table(_))) {
                continue;
            }
            let message = match kind {
                None | Some(PluginKind::Auth) => {
                    format!("unknown key; {}", self.hint_for_key(section, name))
                }
                Some(_) => Given::Value(value)
                    .instead_of(&format!("the table [{section}.{name}] of a plugin")),
            };
            let place = Place::Line(self.line(key.span().start));
            self.mistakes.add(place, format!("{section}.{name}"), message);
        }
    }

    fn refuse_unknown_variables(&mut self) {
        for section in SECTIONS {
            let prefix = variable(&[section, ""]);
            for (rest, _) in self.environment.beginning_with(&prefix) {
                let name = format!("{prefix}{rest}");
                if self.used_variables.contains(&name) {
                    continue;
                }
                let keys = self.known.get(section).map(Vec::as_slice).unwrap_or_default();
                let message = match nearest(&rest.to_ascii_lowercase(), keys.iter().copied()) {
                    Some(key) => {
                        format!("unknown variable; did you mean `{}`?", variable(&[section, key]))
                    }
                    None => format!("unknown variable; [{section}] has {}", keys.join(", ")),
                };
                self.mistakes.add(Place::Variable(name), "", message);
            }
        }
    }

    fn hint_for_section(&self, name: &str) -> String {
        let mut sections = SECTIONS.to_vec();
        sections.extend(
            PluginKind::ALL.map(PluginKind::section).iter().filter(|kind| **kind != "auth"),
        );
        match nearest(name, sections.iter().copied()) {
            Some(section) => format!("did you mean [{section}]?"),
            None => format!("the sections are {}", sections.join(", ")),
        }
    }

    /// A neighbour with a similar name, else the same name in another section, else all there is.
    fn hint_for_key(&self, section: &str, name: &str) -> String {
        let keys = self.known.get(section).map(Vec::as_slice).unwrap_or_default();
        if let Some(key) = nearest(name, keys.iter().copied()) {
            return format!("did you mean `{key}`?");
        }
        let elsewhere: Vec<String> = self
            .known
            .iter()
            .filter(|(_, keys)| keys.contains(&name))
            .map(|(other, _)| format!("`{other}.{name}`"))
            .collect();
        match (elsewhere.is_empty(), keys) {
            (false, _) => format!("did you mean {}?", elsewhere.join(" or ")),
            (true, []) => "every key belongs into a section such as [server]".to_owned(),
            (true, keys) => format!("[{section}] has {}", keys.join(", ")),
        }
    }

    /// Every key that has been asked for, as `server.listen`.
    #[cfg(test)]
    pub(super) fn known_keys(&self) -> Vec<String> {
        self.known
            .iter()
            .flat_map(|(section, keys)| keys.iter().map(move |key| format!("{section}.{key}")))
            .collect()
    }
}

/// One of the host's own sections while its keys are being read.
pub(super) struct Section<'r, 'a> {
    reader: &'r mut Reader<'a>,
    name: &'static str,
}

impl<'a> Section<'_, 'a> {
    /// The value of `key`: the environment's, else the file's, else `default`. Both are checked, whichever wins.
    pub(super) fn value<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(Given<'a>) -> Result<T, String>,
        default: T,
    ) -> T {
        let Self { reader, name } = self;
        reader.known.entry(name).or_default().push(key);
        let full_key = format!("{name}.{key}");
        let mut value = default;
        if let Some(DeValue::Table(table)) = reader.document.get(*name).map(Spanned::get_ref)
            && let Some((key, given)) = table.get_key_value(key)
        {
            let place = Place::Line(reader.lines.line(key.span().start));
            reader.overriding(&full_key, place, read(Given::Value(given.get_ref())), &mut value);
        }
        let variable = variable(&[name, key]);
        let environment = reader.environment;
        if let Some(word) = environment.get(&variable) {
            reader.used_variables.insert(variable.clone());
            let place = Place::Variable(variable);
            reader.overriding(&full_key, place, read(Given::Word(word)), &mut value);
        }
        value
    }
}
