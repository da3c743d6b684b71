//! Changes to a built library that a compiler would not make: another version, another machine, another ABI.

use std::path::Path;

/// A library's bytes.
#[derive(Clone)]
pub(crate) struct Library(pub(crate) Vec<u8>);

impl Library {
    pub(crate) fn read(file: &Path) -> Self {
        Self(std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
    }

    /// Another text of the same length at the only place where `from` stands.
    #[track_caller]
    pub(crate) fn patched(mut self, from: &str, to: &str) -> Self {
        assert_eq!(from.len(), to.len());
        let places: Vec<usize> = self
            .0
            .windows(from.len())
            .enumerate()
            .filter(|(_, window)| *window == from.as_bytes())
            .map(|(place, _)| place)
            .collect();
        let [place] = places[..] else { panic!("{from:?} stands at {places:?}") };
        self.0[place..place + to.len()].copy_from_slice(to.as_bytes());
        self
    }

    /// The probe with this number: as different from any other as a new build is, without building it.
    pub(crate) fn version(self, number: u32) -> Self {
        self.patched("probe-version<000001>probe", &format!("probe-version<{number:06}>probe"))
    }

    /// The same for another processor.
    pub(crate) fn for_aarch64(mut self) -> Self {
        const MACHINE_AT: usize = 18;
        const AARCH64: u16 = 183;
        self.0[MACHINE_AT..MACHINE_AT + 2].copy_from_slice(&AARCH64.to_le_bytes());
        self
    }

    /// Its beginning.
    pub(crate) fn cut_to_percent(mut self, percent: usize) -> Self {
        self.0.truncate(self.0.len() * percent / 100);
        self
    }

    /// Writes it where it is wanted, by rename.
    pub(crate) fn write(&self, file: &Path) {
        let new = file.with_extension("new");
        std::fs::write(&new, &self.0).unwrap();
        std::fs::rename(new, file).unwrap();
    }

    /// Overwrites the file that is there, byte by byte, as `cp` does.
    pub(crate) fn overwrite(&self, file: &Path) {
        std::fs::write(file, &self.0).unwrap();
    }
}
