//! `embedded`: Lua inside the host, with nothing installed and nothing to reach beyond its folder.

use crate::support::load::Load;
use crate::support::{Folder, Host, Setup, until};
use serde_json::{Value, json};

/// A Lua function of one file.
fn lua(code: &str) -> Folder {
    Folder::new(&json!({"type": "embedded", "language": "lua"})).file("lambda.lua", code)
}

fn start(functions: &[(&str, Folder)]) -> Host {
    let setup = Setup::new().config_with("[runners.embedded]\n");
    functions.iter().fold(setup, |setup, (name, folder)| setup.function(name, folder)).start()
}

#[test]
fn a_handler_is_returned_or_a_member_or_a_global() {
    let host = start(&[
        ("returned", lua("return function(input) return input:upper() end")),
        ("member", lua("return { lambda = function(input) return input .. '!' end }")),
        ("global", lua("function handler(input) return #input end")),
        (
            "named",
            lua("function other(input) return 'other ' .. input end")
                .with("handler", json!("other")),
        ),
    ]);
    host.post("/f/returned", "héllo").expect(200, "HéLLO");
    host.post("/f/member", "x").expect(200, "x!");
    host.post("/f/global", "four").expect(200, "4");
    host.post("/f/named", "x").expect(200, "other x");
}

#[test]
fn what_is_returned_is_text_or_json() {
    let host = start(&[
        ("map", lua("return function() return { a = 1, b = { true, 'ü' } } end")),
        ("list", lua("return function() return { 1, 2.5, 'x' } end")),
        ("nothing", lua("return function() end")),
        ("odd", lua("return function() return print end")),
        ("bytes", lua("return function() return '\\xff\\xfe' end")),
    ]);
    let map = host.post("/f/map", "");
    assert_eq!(map.json(), json!({"a": 1, "b": [true, "ü"]}));
    assert_eq!(map.header("content-type"), Some("application/json"));
    assert_eq!(host.post("/f/list", "").json(), json!([1, 2.5, "x"]));
    host.post("/f/nothing", "").expect(200, "");
    host.post("/f/odd", "").expect(500, "");
    let bytes = host.post("/f/bytes", "");
    assert_eq!(bytes.body, b"\xff\xfe");
    assert_eq!(bytes.header("content-type"), Some("application/octet-stream"));
}

#[test]
fn environment_tells_of_the_call_and_sets_the_answer() {
    let code = "return function(input, environment)
        environment.code = 201
        environment.response_headers['X-Case'] = 'yes'
        environment.response_headers['set-cookie'] = { 'a=1', 'b=2' }
        return { environment.method, environment.path_info, environment.query.a, environment.headers['x-test'],
                 environment.variables.COLOUR, os.getenv('COLOUR'), environment['function'], environment.content_type }
    end";
    let host = start(&[("f", lua(code).with("environment", json!({"COLOUR": "blue"})))]);
    let answer = host
        .request("POST", "/f/f/more?a=1&a=x%20y")
        .header("x-test", "t")
        .header("content-type", "text/x")
        .send();
    assert_eq!(answer.status, 201, "{} {}", answer.text(), host.history_of(&answer));
    assert_eq!(answer.header("x-case"), Some("yes"));
    assert_eq!(answer.json(), json!(["POST", "/more", "x y", "t", "blue", "blue", "f", "text/x"]));
}

#[test]
fn prints_and_errors_are_in_the_history_alone() {
    let code = "return function(input)
        print('printed', 1); io.stderr:write('and this')
        if input == 'raise' then error('deliberate') end
        if input == 'exit' then os.exit(3) end
        return 'quiet'
    end";
    let host = start(&[("f", lua(code))]);
    let quiet = host.post("/f/f", "");
    quiet.expect(200, "quiet");
    let stderr = host.history_of(&quiet)["stderr"].clone();
    assert!(
        stderr
            .as_str()
            .is_some_and(|text| text.contains("printed\t1\n") && text.contains("and this")),
        "{stderr}"
    );
    for (input, expected) in [("raise", "deliberate"), ("exit", "exit(3)")] {
        let failed = host.post("/f/f", input);
        failed.expect(500, "");
        let detail = host.history_of(&failed);
        assert!(detail["error"].as_str().is_some_and(|text| text.contains(expected)), "{detail}");
    }
    host.post("/f/f", "").expect(200, "quiet");
}

#[test]
fn code_that_never_ends_is_ended_and_stalls_nobody() {
    let endless = [
        ("plain", "return function() while true do end end"),
        (
            "caught",
            "return function() while true do pcall(function() while true do end end) end end",
        ),
        (
            "callback",
            "return function() string.gsub('x', 'x', function() while true do end end) end",
        ),
        ("coroutine", "return function() coroutine.wrap(function() while true do end end)() end"),
        (
            "nested",
            "return function() local w = coroutine.wrap
            w(function() w(function() pcall(function() while true do end end) end)() end)() end",
        ),
    ];
    let mut functions = vec![("well", lua("return function(input) return input end"))];
    functions.extend(endless.map(|(name, code)| (name, lua(code).with("timeout", json!("300ms")))));
    let host = start(&functions);
    let load = Load::start(&host, 2, "/f/well", |text| text == "ping");
    for (name, _) in endless {
        let answer = host.post(&format!("/f/{name}"), "");
        assert_eq!(answer.status, 504, "{name}: {}", answer.text());
    }
    until("calls go by", || load.succeeded() > 200 || load.has_failed());
    assert_eq!(load.stop(), Vec::<String>::new());
}

#[test]
fn coroutines_that_are_interrupted_go_on_where_they_were() {
    let code = "return function()
        local function numbers(most)
            return coroutine.wrap(function()
                for number = 1, most do
                    for _ = 1, 20000 do end
                    coroutine.yield(number)
                end
            end)
        end
        local sum = 0
        local co = coroutine.create(function(a, b)
            for number in numbers(500) do sum = sum + number; a, b = coroutine.yield(a, b) end
            return 'done'
        end)
        local _, a, b = coroutine.resume(co, 1, 2)
        assert(a == 1 and b == 2)
        repeat _, a, b = coroutine.resume(co, 3, nil) until a == 'done'
        assert(coroutine.status(co) == 'dead' and not coroutine.resume(co))
        local ok, problem = pcall(coroutine.wrap(function() error('in a coroutine', 0) end))
        return { sum, ok, problem }
    end";
    let host = start(&[("f", lua(code))]);
    let answer = host.post("/f/f", "");
    assert_eq!(answer.status, 200, "{}", host.history_of(&answer));
    assert_eq!(answer.json(), json!([125_250, false, "in a coroutine"]));
}

#[test]
fn memory_and_recursion_are_bounded() {
    let greedy =
        "return function() local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end end";
    let host = start(&[
        ("greedy", lua(greedy).with("limits", json!({"memory": "16MiB"}))),
        ("deep", lua("local function f() return 1 + f() end return function() return f() end")),
        ("large", lua("return function() return ('x'):rep(20 * 1024 * 1024) end")),
    ]);
    for (name, expected) in [("greedy", "memory"), ("deep", "stack overflow"), ("large", "output")]
    {
        let answer = host.post(&format!("/f/{name}"), "");
        answer.expect(500, "");
        let error = host.history_of(&answer)["error"].clone();
        assert!(error.as_str().is_some_and(|text| text.contains(expected)), "{name}: {error}");
    }
}

#[test]
fn nothing_beyond_the_folder_can_be_reached() {
    let code = "return function(input) return tostring(load('return ' .. input)()) end";
    let host = start(&[(
        "f",
        lua(code).file("data.txt", "one\ntwo\n").file("m.lua", "return { answer = 42 }"),
    )]);
    for (expression, expected) in [
        ("io.open('data.txt'):read('a')", "one\ntwo\n"),
        ("require('m').answer", "42"),
        ("select(2, io.open('/etc/passwd'))", "/etc/passwd: outside the function's folder"),
        (
            "select(2, io.open('../../shortedfaas.toml'))",
            "../../shortedfaas.toml: outside the function's folder",
        ),
        ("os.execute", "nil"),
        ("io.popen", "nil"),
        ("os.getenv('PATH')", "nil"),
        ("debug", "nil"),
        ("package.loadlib", "nil"),
        ("load(string.dump(function() end))", "nil"),
        ("io.read('a')", ""),
    ] {
        host.post("/f/f", expression).expect(200, expected);
    }
}

#[test]
fn what_cannot_be_loaded_is_broken_and_recovers() {
    let host = start(&[
        ("syntax", lua("return function( end")),
        ("raises", lua("error('at load')")),
        ("nameless", lua("return 1")),
    ]);
    for (name, expected) in [("syntax", "syntax"), ("raises", "at load"), ("nameless", "lambda")] {
        let answer = host.post(&format!("/f/{name}"), "");
        assert_eq!(answer.status, 503, "{name}: {}", answer.text());
        assert!(answer.text().contains(expected), "{name}: {}", answer.text());
    }
    let file = host.setup().deploy_folder().join("syntax/lambda.lua");
    std::fs::write(file, "return function() return 'mended' end").unwrap();
    until("it recovers", || host.post("/f/syntax", "").text() == "mended");
}

#[test]
fn a_state_is_kept_warm_and_never_shared_when_cold() {
    let code = "local count = 0 return function() count = count + 1 return count end";
    let scaling = |mode: &str| json!({"mode": mode, "max": 1});
    let host = start(&[
        ("warm", lua(code).with("scaling", scaling("warm"))),
        ("cold", lua(code).with("scaling", scaling("cold"))),
    ]);
    let counts = |name: &str| -> Vec<Value> {
        (0..3).map(|_| host.post(&format!("/f/{name}"), "").json()).collect()
    };
    assert_eq!(counts("warm"), [1, 2, 3]);
    assert_eq!(counts("cold"), [1, 1, 1]);
}

#[test]
fn text_that_is_no_text_is_the_callers_mistake() {
    let echo = "return function(input) return input end";
    let large = lua("return function() return 'called' end");
    let host = start(&[
        ("text", lua(echo)),
        ("bytes", lua(echo).with("input", json!("bytes"))),
        // So large that bodies of other functions are handed on while they come.
        ("large", large.with("limits", json!({"body": "40MiB"}))),
    ]);
    assert_eq!(host.request("POST", "/f/large").body(vec![0xff; 17 << 20]).send().status, 400);
    host.request("POST", "/f/large").body(vec![b'x'; 17 << 20]).send().expect(200, "called");
    assert_eq!(host.request("POST", "/f/text").body(b"\xff".as_slice()).send().status, 400);
    assert_eq!(host.request("POST", "/f/bytes").body(b"\xff".as_slice()).send().body, b"\xff");
}
