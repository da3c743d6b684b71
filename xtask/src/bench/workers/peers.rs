//! What users would pick instead for function code, each as its makers start it in production.

use super::super::contenders::{Contender, directory_of, free_port, write};
use super::super::server::{Server, Starter};
use super::super::tools::Workshop;
use super::WORKERS;
use super::toolchain::Toolchain;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Threads of a gunicorn worker: without any it closes every connection after one answer.
const GUNICORN_THREADS: &str = "16";

/// Where Debian puts libraries.
const TRIPLET: &str =
    if cfg!(target_arch = "aarch64") { "aarch64-linux-gnu" } else { "x86_64-linux-gnu" };

/// All that is there.
pub(super) fn contenders(workshop: &Workshop, tools: &Toolchain) -> Vec<Contender> {
    let mut contenders = Vec::new();
    if let Some(programs) = &tools.python_peers {
        contenders.extend(on_python(workshop, programs));
    }
    if let Some(node) = &tools.node {
        contenders.extend([1, WORKERS].map(|processes| node_http(workshop, node, processes)));
        if let Some(folder) = &tools.node_peers {
            contenders.push(functions_framework_on_node(workshop, node, folder));
        }
    }
    if let Some((nginx, unpacked)) = &tools.nginx {
        let (nginx, unpacked) = (nginx.clone(), unpacked.clone());
        contenders.push(Contender::new("nginx + lua", move |workshop, name| {
            nginx_lua(workshop, name, &nginx, &unpacked)
        }));
    }
    contenders
}

fn on_python(workshop: &Workshop, programs: &Path) -> Vec<Contender> {
    let workers = WORKERS.to_string();
    let peer = |name: &str, program: &str, arguments: &str| {
        let (program, arguments) = (programs.join(program), arguments.to_owned());
        on_port(workshop, name, move |port| {
            let mut command = Command::new(&program);
            command.args(arguments.replace("PORT", &port.to_string()).split(' '));
            command
        })
    };
    let framework = "--target function --source main.py --host 127.0.0.1 --port PORT";
    let programs = programs.to_owned();
    let two = on_port(workshop, &format!("functions-framework Python, {workers} workers"), {
        let workers = workers.clone();
        move |port| {
            let mut command = Command::new(programs.join("functions-framework"));
            command.args(framework.replace("PORT", &port.to_string()).split(' '));
            command.env("WORKERS", &workers);
            command
        }
    });
    vec![
        peer("functions-framework Python", "functions-framework", framework),
        two,
        peer(
            &format!("gunicorn, {workers} workers"),
            "gunicorn",
            &format!("-w {workers} --threads {GUNICORN_THREADS} -b 127.0.0.1:PORT wsgi:app"),
        ),
        peer(
            &format!("uvicorn, {workers} workers"),
            "uvicorn",
            &format!(
                "--workers {workers} --no-access-log --log-level warning --port PORT asgi:app"
            ),
        ),
        peer(
            &format!("granian WSGI, {workers} workers"),
            "granian",
            &format!("--interface wsgi --workers {workers} --host 127.0.0.1 --port PORT wsgi:app"),
        ),
    ]
}

fn node_http(workshop: &Workshop, node: &Path, processes: usize) -> Contender {
    let node = node.to_owned();
    let plural = if processes == 1 { "" } else { "es" };
    let name = format!("node:http, {processes} process{plural}");
    on_port(workshop, &name, move |port| {
        let mut command = Command::new(&node);
        command.arg("node_http.js").args([port.to_string(), processes.to_string()]);
        command
    })
}

fn functions_framework_on_node(workshop: &Workshop, node: &Path, folder: &Path) -> Contender {
    let node = node.to_owned();
    let program = folder.join("node_modules/@google-cloud/functions-framework/build/src/main.js");
    // It looks for its function in a folder's index.js.
    let source = folder.join("function");
    let file = servers(workshop).join("functions_framework.js");
    Contender::new("functions-framework Node", move |workshop, name| {
        fs::create_dir_all(&source)
            .and_then(|()| fs::copy(&file, source.join("index.js")))
            .map_err(|error| format!("cannot write into {}: {error}", source.display()))?;
        let mut command = Command::new(&node);
        command.arg(&program).args(["--target=function", "--signature-type=http"]);
        command.arg(format!("--source={}", source.display()));
        start(workshop, name, |port| {
            command.env("PORT", port.to_string());
            command
        })
    })
}

/// A server that is told its port; it runs in the folder of the servers' files.
fn on_port(
    workshop: &Workshop,
    name: &str,
    command: impl FnOnce(u16) -> Command + 'static,
) -> Contender {
    let folder = servers(workshop);
    Contender::new(name, move |workshop, name| {
        start(workshop, name, |port| {
            let mut command = command(port);
            command.current_dir(folder);
            command
        })
    })
}

fn start(
    workshop: &Workshop,
    name: &str,
    command: impl FnOnce(u16) -> Command,
) -> Result<Server, String> {
    let port = free_port()?;
    let mut starter = Starter::new(&directory_of(workshop, name))?;
    starter.start(&command(port))?;
    Ok(starter.listening(name, format!("127.0.0.1:{port}")))
}

fn servers(workshop: &Workshop) -> PathBuf {
    workshop.repository.join("xtask/peers/servers")
}

fn nginx_lua(
    workshop: &Workshop,
    name: &str,
    nginx: &Path,
    unpacked: &Path,
) -> Result<Server, String> {
    let directory = directory_of(workshop, name);
    let mut starter = Starter::new(&directory)?;
    let port = free_port()?;
    let config = directory.join("nginx.conf");
    write(&config, &nginx_config(&directory, unpacked, port))?;
    let mut command = Command::new(nginx);
    let libraries = ["usr/lib", "lib"].map(|folder| unpacked.join(folder).join(TRIPLET));
    let libraries = std::env::join_paths(libraries).map_err(|error| error.to_string())?;
    command.env("LD_LIBRARY_PATH", libraries);
    command.arg("-p").arg(&directory).arg("-e").arg(directory.join("nginx-error.log"));
    starter.start(command.arg("-c").arg(&config))?;
    Ok(starter.listening(name, format!("127.0.0.1:{port}")))
}

fn nginx_config(directory: &Path, unpacked: &Path, port: u16) -> String {
    let (directory, unpacked) = (directory.display(), unpacked.display());
    format!(
        "daemon off; user root; worker_processes {WORKERS}; pid {directory}/pid; error_log {directory}/nginx-error.log;
load_module {unpacked}/usr/lib/nginx/modules/ndk_http_module.so;
load_module {unpacked}/usr/lib/nginx/modules/ngx_http_lua_module.so;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {directory}/body; fastcgi_temp_path {directory}/fastcgi; proxy_temp_path {directory}/proxy;
  scgi_temp_path {directory}/scgi; uwsgi_temp_path {directory}/uwsgi;
  lua_package_path \"{unpacked}/usr/share/lua/5.1/?.lua;;\";
  lua_package_cpath \"{unpacked}/usr/lib/{TRIPLET}/lua/5.1/?.so;;\";
  init_by_lua_block {{ cjson = require 'cjson' }}
  server {{
    listen 127.0.0.1:{port};
    location = /f/echo {{
      default_type text/plain;
      content_by_lua_block {{ ngx.req.read_body() ngx.print(ngx.req.get_body_data()) }}
    }}
    location = /f/add {{
      default_type application/json;
      content_by_lua_block {{
        ngx.req.read_body()
        local pair = cjson.decode(ngx.req.get_body_data())
        ngx.print(cjson.encode({{ sum = pair.a + pair.b }}))
      }}
    }}
  }}
}}
"
    )
}
