//! Reads a library file without running it: is it whole, is it for this machine, what does its metadata section say.

use object::elf;
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::{Endianness, elf::FileHeader64};
use plugin_abi::SECTION_LIMIT;

/// Why a file cannot be a plugin of this host.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ElfError {
    #[error("is not an ELF shared library")]
    NotElf,
    #[error("is cut off: it is {has} bytes long and its {what} ends at byte {needs}")]
    CutOff { what: &'static str, has: u64, needs: u64 },
    #[error("is built for another machine ({found}), this host runs on {expected}")]
    OtherMachine { found: String, expected: &'static str },
    #[error("is not a shared library but {0}")]
    NotShared(&'static str),
    #[error("is not a ShortedFaaS plugin: it has no `.shortedfaas` section")]
    NoSection,
    #[error("has a `.shortedfaas` section of {0} bytes, more than {SECTION_LIMIT}")]
    SectionTooLarge(u64),
}

type Header = FileHeader64<Endianness>;

/// Checks that every segment and the section table lie inside the file and that the machine is ours.
///
/// A file cut off in the middle would otherwise end the process with SIGBUS inside dlopen.
pub(crate) fn check(data: &[u8]) -> Result<(), ElfError> {
    let (header, endian) = header(data)?;
    let machine = header.e_machine(endian);
    let expected = if cfg!(target_arch = "x86_64") {
        (elf::EM_X86_64, "x86-64")
    } else {
        (elf::EM_AARCH64, "aarch64")
    };
    if machine != expected.0 {
        return Err(ElfError::OtherMachine { found: machine_name(machine), expected: expected.1 });
    }
    match header.e_type(endian) {
        elf::ET_DYN => {}
        elf::ET_EXEC => return Err(ElfError::NotShared("a program")),
        elf::ET_REL => return Err(ElfError::NotShared("an object file")),
        _ => return Err(ElfError::NotShared("something else")),
    }
    let has = data.len() as u64;
    let within = |what, start: u64, len: u64| match start.checked_add(len) {
        Some(end) if end <= has => Ok(()),
        end => Err(ElfError::CutOff { what, has, needs: end.unwrap_or(u64::MAX) }),
    };
    let table = u64::from(header.e_shentsize(endian)) * u64::from(header.e_shnum(endian));
    within("section table", header.e_shoff(endian), table)?;
    let segments = header.program_headers(endian, data).map_err(|_| ElfError::NotElf)?;
    for segment in segments {
        within("segment", segment.p_offset(endian), segment.p_filesz(endian))?;
    }
    Ok(())
}

/// The bytes of the metadata section up to its NUL.
pub(crate) fn metadata_section(data: &[u8]) -> Result<&[u8], ElfError> {
    let (header, endian) = header(data)?;
    let sections = header.sections(endian, data).map_err(|_| ElfError::NotElf)?;
    let (_, section) = sections
        .section_by_name(endian, plugin_abi::SECTION.as_bytes())
        .ok_or(ElfError::NoSection)?;
    let size = section.sh_size(endian);
    if size > SECTION_LIMIT as u64 {
        return Err(ElfError::SectionTooLarge(size));
    }
    let bytes = section.data(endian, data).map_err(|_| ElfError::NoSection)?;
    Ok(bytes.split(|byte| *byte == 0).next().unwrap_or_default())
}

fn header(data: &[u8]) -> Result<(&Header, Endianness), ElfError> {
    let header = Header::parse(data).map_err(|_| other_class(data))?;
    let endian = header.endian().map_err(|_| ElfError::NotElf)?;
    Ok((header, endian))
}

/// A 32-bit library is an ELF file too: say what it is.
fn other_class(data: &[u8]) -> ElfError {
    match data {
        [0x7f, b'E', b'L', b'F', class, ..] if *class == elf::ELFCLASS32.0 => {
            ElfError::OtherMachine { found: "32 bit".into(), expected: "64 bit" }
        }
        [0x7f, b'E', b'L', b'F', ..] => {
            ElfError::CutOff { what: "header", has: data.len() as u64, needs: 64 }
        }
        _ => ElfError::NotElf,
    }
}

fn machine_name(machine: elf::Machine) -> String {
    match machine {
        elf::EM_X86_64 => "x86-64".into(),
        elf::EM_AARCH64 => "aarch64".into(),
        elf::EM_RISCV => "riscv".into(),
        elf::EM_386 => "i386".into(),
        elf::EM_ARM => "arm".into(),
        elf::EM_S390 => "s390".into(),
        elf::EM_PPC64 => "ppc64".into(),
        other => format!("ELF machine {}", other.0),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn library() -> Vec<u8> {
        // The test binary itself is an ET_DYN (position independent) ELF file: what is asked of a library's shape holds for it.
        std::fs::read(std::env::current_exe().unwrap()).unwrap()
    }

    #[test]
    fn a_whole_file_passes_and_has_no_plugin_section() {
        let data = library();
        assert_eq!(check(&data), Ok(()));
        assert_eq!(metadata_section(&data), Err(ElfError::NoSection));
    }

    #[test]
    fn every_truncation_is_refused() {
        let data = library();
        for percent in (0..100).chain([5, 24, 43, 62, 81, 99]) {
            let cut = &data[..data.len() / 100 * percent];
            assert!(check(cut).is_err(), "{percent} % passed");
        }
    }

    #[test]
    fn noise_is_refused_without_a_panic() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut data = library();
        data.truncate(64 * 1024);
        for _ in 0..2_000 {
            for _ in 0..16 {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let at = usize::try_from(state >> 33).unwrap() % data.len();
                data[at] = state.to_le_bytes()[0];
            }
            let _ = check(&data);
            let _ = metadata_section(&data);
        }
    }
}
