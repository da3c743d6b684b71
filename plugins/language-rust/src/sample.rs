//! First functions for `shortedfaas new`.

use languages::Sample;

pub(crate) const SAMPLES: &[Sample] = &[Sample {
    kind: "compiled",
    files: &[
        ("run.json", include_str!("../../../deploy/hello-rust/run.json")),
        ("lambda.rs", include_str!("../../../deploy/hello-rust/lambda.rs")),
    ],
}];
