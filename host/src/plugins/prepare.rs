//! A function from its manifest to what can be called: the language plans, the runner prepares.

use super::deployed::Deployed;
use super::language::{Language, PlanView};
use super::registry::Plugins;
use super::runner::Spec;
use crate::build::{Asked, Build, Program, by_hand};
use crate::functions::{Candidate, Later, Manifest, Preparer, Trial, Unready};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

impl Preparer for Plugins {
    type Prepared = Deployed;

    async fn prepare(
        &self,
        function: Candidate<'_>,
    ) -> Result<(Deployed, Option<String>), Unready> {
        let manifest = function.manifest;
        let kind = manifest.kind.as_str();
        let runner = self.active().runners.get(kind).cloned();
        let runner = runner.ok_or_else(|| format!("no runner for type `{kind}` is enabled"))?;
        let folder = function.folder.to_str().ok_or("the folder's path is not UTF-8")?;
        let deploy_folder =
            function.deploy_folder.to_str().ok_or("the deploy folder's path is not UTF-8")?;
        let mut spec = Spec {
            name: function.name.to_owned(),
            kind: kind.to_owned(),
            folder: folder.to_owned(),
            deploy_folder: deploy_folder.to_owned(),
            generation: function.generation,
            manifest_json: manifest.runner_json(None),
        };
        let mut warnings = Vec::new();
        let mut program = None;
        if manifest.needs_plan() {
            let (mut plan, view) = plan(self.planner(manifest)?, spec.clone()).await?;
            warnings.extend(view.warning);
            // Which interpreter it was, when it changes under a function, is told nowhere else.
            tracing::info!(
                function = function.name,
                language = manifest.language,
                version = view.version,
                command = view.command,
                "planned"
            );
            if let Some(build) = view.build {
                let built = self.built(&function, build)?;
                plan["command"] = built.command().into();
                program = Some(built);
            }
            spec.manifest_json = match kind {
                "launched" => manifest.with_command(view.command, view.arguments).runner_json(None),
                _ => manifest.runner_json(Some(plan)),
            };
        }
        let (prepared, warning) = runner.prepare(&spec).await.map_err(|fault| fault.to_string())?;
        warnings.extend(warning);
        let warning = (!warnings.is_empty()).then(|| warnings.join("; "));
        Ok((Deployed::new(prepared, &function, program), warning))
    }

    async fn begin(&self, deployed: &Deployed, trial: Trial) -> Result<(), String> {
        deployed.begin(trial).await.map_err(|fault| fault.to_string())?;
        deployed.serves();
        Ok(())
    }

    fn in_use(&self, deployed: &Deployed) -> usize {
        deployed.workers().map_or(0, |workers| workers.idle.min(1).max(workers.busy))
    }

    fn retire(&self, deployed: &Deployed) {
        deployed.retire();
    }
}

impl Plugins {
    /// The built program, kept from being removed.
    fn built(&self, function: &Candidate<'_>, build: Value) -> Result<Arc<Program>, Unready> {
        let build = Build::read(build)?;
        if build.is_done() {
            return Ok(Arc::new(Program::of(&build)));
        }
        if !function.manifest.builds_by_itself() {
            let reason = by_hand(function.folder);
            return Err(Unready { reason, later: Later::Appears(build.output) });
        }
        match self.builder.ask(function.name, &build) {
            Asked::Failed(reason) => Err(reason.into()),
            Asked::Building { ended: future, again } => {
                let reason = "it is being built".to_owned();
                Err(Unready { reason, later: Later::Ends { future, again } })
            }
        }
    }

    fn planner(&self, manifest: &Manifest) -> Result<Arc<Language>, String> {
        let name = &manifest.language;
        self.language(name).ok_or_else(|| {
            format!("no language `{name}` is enabled: add [languages.{name}] to shortedfaas.toml")
        })
    }
}

/// The plan as it goes to the runner, and what the host reads of it.
async fn plan(language: Arc<Language>, spec: Spec) -> Result<(Value, PlanView), String> {
    // An interpreter may have to be asked for its version.
    let planned = tokio::task::spawn_blocking(move || language.plan(&spec)).await;
    let plan = planned.map_err(|error| error.to_string())?.map_err(|fault| fault.to_string())?;
    let view = PlanView::deserialize(&plan)
        .map_err(|error| format!("the language's plan cannot be read: {error}"))?;
    Ok((plan, view))
}
