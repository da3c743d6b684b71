//! Everybody who is measured against ShortedFaaS, and how each is started.

use super::server::{Server, Starter};
use super::tools::{Workshop, find};
use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Somebody who can be started when they are chosen.
pub(super) struct Contender {
    /// As the table calls it.
    pub(super) name: String,
    start: Box<StartFunction>,
}

type StartFunction = dyn FnOnce(&Workshop, &str) -> Result<Server, String>;

impl Contender {
    /// `start` is given the name.
    pub(super) fn new(
        name: &str,
        start: impl FnOnce(&Workshop, &str) -> Result<Server, String> + 'static,
    ) -> Self {
        Self { name: name.into(), start: Box::new(start) }
    }

    /// Starts it.
    pub(super) fn start(self, workshop: &Workshop) -> Result<Server, String> {
        eprintln!("starting {}", self.name);
        (self.start)(workshop, &self.name)
    }
}

/// fcgiwrap takes one call per process at a time; more of them than this made nothing faster.
const FCGIWRAP_PROCESSES: usize = 16;

/// A bare axum handler that gives the body back.
pub(super) fn axum_echo(workshop: &Workshop) -> Result<Server, String> {
    started(workshop, "axum echo", &axum_echo_command(workshop))
}

/// How the bare axum echo is called.
pub(super) fn axum_echo_command(workshop: &Workshop) -> Command {
    Command::new(workshop.release.join("axum-echo"))
}

/// A page that only spawns the static echo, in one of its ways, with so many children at once.
pub(super) fn spawn_page(
    workshop: &Workshop,
    how: &str,
    at_once: Option<usize>,
) -> Result<Server, String> {
    let mut name = format!("page: {how}");
    if let Some(at_once) = at_once {
        name += &format!(", {at_once} at once");
    }
    let mut command = spawn_page_command(workshop, how, at_once.unwrap_or(0));
    started(workshop, &name, command.arg(&workshop.echo))
}

/// The page that only spawns; what it spawns comes behind.
pub(super) fn spawn_page_command(workshop: &Workshop, how: &str, at_once: usize) -> Command {
    let mut command = Command::new(workshop.release.join("spawn-page"));
    command.arg(how).arg(at_once.to_string());
    command
}

/// A program that announces its address as the host does.
pub(super) fn started(
    workshop: &Workshop,
    name: &str,
    command: &Command,
) -> Result<Server, String> {
    let mut starter = Starter::new(&directory_of(workshop, name))?;
    starter.start(command)?;
    starter.announced(name)
}

/// Where a contender's own files lie.
pub(super) fn directory_of(workshop: &Workshop, name: &str) -> PathBuf {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    workshop.directory.join(name.replace(|letter| !plain(letter), ""))
}

/// Debian's webhook; it hands the body over as an argument. None where it is not installed.
pub(super) fn webhook(workshop: &Workshop) -> Result<Option<Server>, String> {
    let Some(program) = find("webhook") else { return Ok(None) };
    let directory = workshop.directory.join("webhook");
    let hooks = directory.join("hooks.json");
    let mut starter = Starter::new(&directory)?;
    let hook = format!(
        r#"[{{"id": "echo", "execute-command": "{}", "include-command-output-in-response": true,
            "pass-arguments-to-command": [{{"source": "raw-request-body"}}]}}]"#,
        workshop.echo.display()
    );
    write(&hooks, &hook)?;
    let port = free_port()?;
    let mut command = Command::new(program);
    command.args(["-urlprefix", "f", "-ip", "127.0.0.1", "-port", &port.to_string()]);
    starter.start(command.arg("-hooks").arg(&hooks))?;
    Ok(Some(starter.listening("webhook", format!("127.0.0.1:{port}"))))
}

/// nginx that hands CGI to fcgiwrap. None where one of them is not installed.
pub(super) fn fcgiwrap(workshop: &Workshop) -> Result<Option<Server>, String> {
    let (Some(nginx), Some(fcgiwrap)) = (find("nginx"), find("fcgiwrap")) else { return Ok(None) };
    let directory = workshop.directory.join("fcgiwrap");
    let mut starter = Starter::new(&directory)?;
    let port = free_port()?;
    let config = directory.join("nginx.conf");
    write(&config, &nginx_config(&directory, &workshop.echo_cgi, port))?;
    let socket = directory.join("socket");
    let listener = UnixListener::bind(&socket)
        .map_err(|error| format!("cannot listen on {}: {error}", socket.display()))?;
    // Children of ours, not of a fcgiwrap that forks them: so they are waited for when they end. It listens on its stdin.
    for _ in 0..FCGIWRAP_PROCESSES {
        let stdin =
            listener.try_clone().map_err(|error| format!("no more descriptors: {error}"))?;
        starter.start_with(&Command::new(&fcgiwrap), OwnedFd::from(stdin).into())?;
    }
    let mut command = Command::new(nginx);
    command.arg("-p").arg(&directory).arg("-e").arg(directory.join("nginx-error.log"));
    starter.start(command.arg("-c").arg(&config))?;
    Ok(Some(starter.listening("nginx + fcgiwrap", format!("127.0.0.1:{port}"))))
}

fn nginx_config(directory: &Path, program: &Path, port: u16) -> String {
    let (directory, program) = (directory.display(), program.display());
    format!(
        "daemon off; user root; worker_processes auto; pid {directory}/pid; error_log {directory}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {directory}/body; fastcgi_temp_path {directory}/fastcgi; proxy_temp_path {directory}/proxy;
  scgi_temp_path {directory}/scgi; uwsgi_temp_path {directory}/uwsgi;
  server {{
    listen 127.0.0.1:{port};
    location /f/echo {{
      fastcgi_pass unix:{directory}/socket;
      fastcgi_param SCRIPT_FILENAME {program};
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
    }}
  }}
}}
"
    )
}

/// These two cannot be told to choose a port themselves.
pub(super) fn free_port() -> Result<u16, String> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("no free port: {error}"))
}

/// Writes a file.
pub(super) fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
