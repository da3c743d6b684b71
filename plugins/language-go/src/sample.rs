//! First functions for `shortedfaas new`.

use languages::Sample;

pub(crate) const SAMPLES: &[Sample] = &[Sample {
    kind: "compiled",
    files: &[
        ("run.json", "{ \"type\": \"compiled\", \"language\": \"go\", \"build\": \"auto\" }\n"),
        (
            "lambda.go",
            r#"package main

import "github.com/shortedfaas/shortedfaas/launchers/go/shortedfaas"

func lambda(input string, environment *shortedfaas.Environment) (string, error) {
	return "Hello, " + input + "!\n", nil
}
"#,
        ),
    ],
}];
