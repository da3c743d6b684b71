//! Tests of the environment that are not about headers.

use super::*;

fn environment(declared: &[(&str, &str)]) -> Result<(Environment, Vec<String>)> {
    let ground = Ground {
        function: "f",
        folder: Path::new("/deploy/f"),
        program: Path::new("/usr/bin/jq"),
        search_path: OsStr::new("/usr/bin"),
        host_mark: "mark",
    };
    let declared =
        declared.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Environment::new(&ground, &declared, |name| (name == "HOME").then(|| "/home/host".into()))
}

#[test]
fn the_ground_is_path_home_and_what_the_runner_knows() {
    let (environment, refused) = environment(&[("KEY", "value"), ("HOME", "/mine")]).unwrap();
    let expected = [
        "PATH=/usr/bin",
        "GATEWAY_INTERFACE=CGI/1.1",
        concat!("SERVER_SOFTWARE=ShortedFaaS/", env!("CARGO_PKG_VERSION")),
        "PWD=/deploy/f",
        "SCRIPT_FILENAME=/usr/bin/jq",
        "SHORTEDFAAS_FUNCTION=f",
        "SHORTEDFAAS_HOST=mark",
        "HOME=/mine",
        "KEY=value",
    ];
    assert_eq!(environment.fixed.strings(), expected);
    assert!(refused.is_empty());
}

#[test]
fn a_declared_variable_takes_no_name_of_the_platform() {
    let declared =
        [("QUERY_STRING", "x"), ("SHORTEDFAAS_IDENTITY", "root"), ("HTTP_PROXY", "mine")];
    let (environment, refused) = environment(&declared).unwrap();
    assert_eq!(refused, ["QUERY_STRING", "SHORTEDFAAS_IDENTITY"]);
    assert!(environment.fixed.strings().contains(&"HTTP_PROXY=mine".to_owned()));
}

#[test]
fn path_info_is_decoded_but_never_to_a_nul() {
    for (encoded, decoded) in
        [("/a%20b", "/a b"), ("/%C3%A9", "/é"), ("/100%", "/100%"), ("/%zz%4", "/%zz%4"), ("", "")]
    {
        assert_eq!(percent_decoded(encoded).unwrap(), decoded.as_bytes(), "{encoded}");
    }
    assert_eq!(percent_decoded("/a%00b").unwrap_err().kind(), ErrorKind::BadRequest);
}
