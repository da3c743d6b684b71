//! `export_plugin!`: everything that a library must export, without a procedural macro.

/// Compiler that built this crate and so the plugin, as `rustc --version` says it.
#[doc(hidden)]
pub const RUSTC: &str = env!("PLUGIN_API_RUSTC");
/// Target that this crate was built for.
#[doc(hidden)]
pub const TARGET: &str = env!("PLUGIN_API_TARGET");
/// Version of this crate.
#[doc(hidden)]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Length of the joined parts.
#[doc(hidden)]
#[must_use]
pub const fn joined_len(parts: &[&str]) -> usize {
    let mut len = 0;
    let mut index = 0;
    while index < parts.len() {
        len += parts[index].len();
        index += 1;
    }
    len
}

/// The parts as one array of bytes, at compile time.
#[doc(hidden)]
#[must_use]
pub const fn joined<const N: usize>(parts: &[&str]) -> [u8; N] {
    let mut bytes = [0; N];
    let mut at = 0;
    let mut index = 0;
    while index < parts.len() {
        let part = parts[index].as_bytes();
        let mut byte = 0;
        while byte < part.len() {
            bytes[at] = part[byte];
            at += 1;
            byte += 1;
        }
        index += 1;
    }
    bytes
}

/// Makes the crate a ShortedFaaS plugin: exports the metadata section and the root that the host looks for.
///
/// ```text
/// export_plugin!(auth: ApiKey);
/// export_plugin!(runner: Docker, serves: ["container"]);
/// export_plugin!(language: Ruby);
/// export_plugin!(auth: A, runner: B, serves: ["x"]);
/// ```
///
/// `serves` names the function types (`type` of run.json) that the runner takes. Write it once, at the top level of
/// a crate with `crate-type = ["cdylib"]`. A crate built with `panic = "abort"` does not compile: a panic would end the host.
#[macro_export]
macro_rules! export_plugin {
    (auth: $auth:ty $(,)?) => { $crate::__export_plugin!([auth/1 => $crate::auth_table::<$auth>(), $crate::abi::AuthV1] []); };
    (language: $language:ty $(,)?) => {
        $crate::__export_plugin!([language/1 => $crate::language_table::<$language>(), $crate::abi::LanguageV1] []);
    };
    (runner: $runner:ty, serves: [$($kind:literal),* $(,)?] $(,)?) => {
        $crate::__export_plugin!([runner/1 => $crate::runner_table::<$runner>(), $crate::abi::RunnerV1] [$($kind),*]);
    };
    (auth: $auth:ty, runner: $runner:ty, serves: [$($kind:literal),* $(,)?] $(,)?) => {
        $crate::__export_plugin!(
            [auth/1 => $crate::auth_table::<$auth>(), $crate::abi::AuthV1]
            [runner/1 => $crate::runner_table::<$runner>(), $crate::abi::RunnerV1]
            [$($kind),*]
        );
    };
}

/// The expansion of [`export_plugin!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __export_plugin {
    ($([$kind:ident / $version:literal => $table:expr, $table_type:ty])+ [$($serves:literal),*]) => {
        #[cfg(panic = "abort")]
        compile_error!("a ShortedFaaS plugin needs panic = \"unwind\": with \"abort\" a panic in it would end the whole host");

        #[allow(unsafe_code, non_upper_case_globals, missing_docs, reason = "the two symbols that the host looks for")]
        const _: () = {
            const INTERFACES: &[&str] = &[$(",\"", stringify!($kind), "/", stringify!($version), "\""),+];
            const SERVES: &[&str] = &["" $(, ",\"", $serves, "\"")*];
            const fn without_comma(text: &'static str) -> &'static str {
                match text.as_bytes() {
                    [b',', ..] => text.split_at(1).1,
                    _ => text,
                }
            }
            const INTERFACE_BYTES: [u8; $crate::joined_len(INTERFACES)] = $crate::joined(INTERFACES);
            const SERVE_BYTES: [u8; $crate::joined_len(SERVES)] = $crate::joined(SERVES);
            const fn text(bytes: &'static [u8]) -> &'static str {
                match std::str::from_utf8(bytes) {
                    Ok(text) => without_comma(text),
                    Err(_) => "",
                }
            }
            const METADATA: &[&str] = &[
                "{\"format\":1,\"abi\":1,\"abi_stable\":\"0.11\",\"name\":\"", env!("CARGO_PKG_NAME"),
                "\",\"version\":\"", env!("CARGO_PKG_VERSION"),
                "\",\"interfaces\":[", text(&INTERFACE_BYTES),
                "],\"serves\":[", text(&SERVE_BYTES),
                "],\"panic\":\"", if cfg!(panic = "unwind") { "unwind" } else { "abort" },
                "\",\"rustc\":\"", $crate::RUSTC, "\",\"target\":\"", $crate::TARGET,
                "\",\"plugin_api\":\"", $crate::VERSION, "\"}\0",
            ];

            #[used]
            #[unsafe(link_section = ".shortedfaas")]
            static SECTION: [u8; $crate::joined_len(METADATA)] = $crate::joined(METADATA);

            extern "C" fn query(id: $crate::abi::abi_stable::std_types::RStr<'_>) -> $crate::abi::RawInterface {
                $(
                    if id.as_str() == concat!(stringify!($kind), "/", stringify!($version)) {
                        static TABLE: $table_type = $table;
                        return $crate::abi::RawInterface::of(&TABLE);
                    }
                )+
                $crate::abi::RawInterface::none()
            }

            fn root() -> $crate::abi::PluginRootRef {
                use $crate::abi::abi_stable::prefix_type::PrefixTypeTrait;
                $crate::abi::PluginRoot { abi_major: $crate::abi::ABI_MAJOR, query }.leak_into_prefix()
            }

            extern "C" fn load() -> $crate::abi::abi_stable::library::RootModuleResult {
                $crate::abi::abi_stable::library::__call_root_module_loader(root)
            }

            // The name that abi_stable's loader looks for; written out so that authors need no dependency on abi_stable.
            #[unsafe(no_mangle)]
            pub static _1as_0lib_1header_0root_bmodule_bloader: $crate::abi::abi_stable::library::LibHeader =
                // SAFETY: `load` returns a `PluginRootRef`, the module type named here.
                unsafe {
                    $crate::abi::abi_stable::library::LibHeader::from_constructor::<$crate::abi::PluginRootRef>(
                        load,
                        $crate::abi::abi_stable::library::CheckTypeLayout::Yes,
                    )
                };
        };
    };
}
