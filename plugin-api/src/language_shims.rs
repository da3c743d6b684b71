//! The boundary's `language/1` table over a [`LanguagePlugin`].

use crate::guard::catch;
use crate::instance::{Held, Instance};
use crate::language::LanguagePlugin;
use crate::runner_shims::spec;
use crate::{Error, Result};
use plugin_abi::abi_stable::std_types::{RResult, RString};
use plugin_abi::{AbiError, CreateV1, FunctionSpecV1, Handle, LanguageV1};

/// The table for a plugin. Used by [`export_plugin!`](crate::export_plugin).
#[doc(hidden)]
#[must_use]
pub const fn table<P: LanguagePlugin>() -> LanguageV1 {
    LanguageV1 {
        create: create::<P>,
        describe: describe::<P>,
        plan: plan::<P>,
        destroy: destroy::<P>,
    }
}

extern "C" fn create<P: LanguagePlugin>(call: CreateV1) -> RResult<Handle, AbiError> {
    answer(catch(|| Instance::<P>::create(call, P::new)))
}

extern "C" fn describe<P: LanguagePlugin>(instance: Handle) -> RResult<RString, AbiError> {
    let instance: Held<Instance<P>> = Instance::<P>::of(instance);
    answer(catch(|| json(&instance.plugin.description())))
}

extern "C" fn plan<P: LanguagePlugin>(
    instance: Handle,
    raw: FunctionSpecV1,
) -> RResult<RString, AbiError> {
    let instance: Held<Instance<P>> = Instance::<P>::of(instance);
    answer(catch(|| json(&instance.plugin.plan(&spec(&raw)?)?)))
}

extern "C" fn destroy<P: LanguagePlugin>(instance: Handle) {
    Instance::<P>::destroy(instance);
}

fn json(value: &impl serde::Serialize) -> Result<RString> {
    let text = serde_json::to_string(value).map_err(|error| Error::plugin(error.to_string()))?;
    Ok(text.into())
}

fn answer<T>(result: Result<T>) -> RResult<T, AbiError> {
    match result {
        Ok(value) => RResult::ROk(value),
        Err(error) => RResult::RErr(error.into_abi()),
    }
}
