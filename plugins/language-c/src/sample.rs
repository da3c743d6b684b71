//! First functions for `shortedfaas new`.

use languages::Sample;

pub(crate) const SAMPLES: &[Sample] = &[Sample {
    kind: "compiled",
    files: &[
        ("run.json", include_str!("../../../deploy/hello-c/run.json")),
        ("lambda.c", include_str!("../../../deploy/hello-c/lambda.c")),
    ],
}];
