//! `"net": false`: a filter that lets a process make no sockets but local ones.

use libc::{BPF_ABS, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter};

/// What the filter sees of a call (`seccomp_data`): number, architecture, then the arguments.
const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;
const FIRST_ARGUMENT_AT: u32 = 16;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;
/// Numbers from here on are of the x32 ABI; no number of aarch64 is so large.
const OTHER_ABI_FROM: u32 = 0x4000_0000;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const REFUSE: u32 = libc::SECCOMP_RET_ERRNO | libc::EACCES.cast_unsigned();

/// The filter; netlink stays, for it only asks the kernel about itself.
pub(crate) fn without_network() -> Vec<sock_filter> {
    let load = |offset| statement(BPF_LD | BPF_W | BPF_ABS, offset);
    let equal = |value: u32, then, otherwise| jump(BPF_JEQ, value, then, otherwise);
    vec![
        load(ARCHITECTURE_AT),
        equal(ARCHITECTURE, 0, 8),
        load(NUMBER_AT),
        jump(BPF_JGE, OTHER_ABI_FROM, 6, 0),
        // A ring makes sockets without the call that is looked at below.
        equal(number(libc::SYS_io_uring_setup), 5, 0),
        equal(number(libc::SYS_socket), 0, 3),
        load(FIRST_ARGUMENT_AT),
        equal(libc::AF_UNIX.cast_unsigned(), 1, 0),
        equal(libc::AF_NETLINK.cast_unsigned(), 0, 1),
        statement(BPF_RET | BPF_K, ALLOW),
        statement(BPF_RET | BPF_K, REFUSE),
    ]
}

fn statement(code: u32, value: u32) -> sock_filter {
    sock_filter { code: small(code), jt: 0, jf: 0, k: value }
}

fn jump(kind: u32, value: u32, then: u8, otherwise: u8) -> sock_filter {
    sock_filter { code: small(BPF_JMP | kind | BPF_K), jt: then, jf: otherwise, k: value }
}

fn small(code: u32) -> u16 {
    u16::try_from(code).expect("codes of BPF have 16 bits")
}

fn number(call: libc::c_long) -> u32 {
    u32::try_from(call).expect("numbers of system calls are small")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would do with the filter.
    fn check(architecture: u32, call: u32, argument: u32, expected: u32) {
        let (filter, mut at, mut loaded) = (without_network(), 0, 0);
        loop {
            let step = filter[at];
            at += 1;
            match u32::from(step.code) {
                code if code == BPF_LD | BPF_W | BPF_ABS => {
                    loaded = [call, architecture, 0, 0, argument][step.k as usize / 4];
                }
                code if code == BPF_RET | BPF_K => {
                    assert_eq!(step.k, expected, "{architecture:x} {call} {argument}");
                    return;
                }
                code => {
                    let equal = code == BPF_JMP | BPF_JEQ | BPF_K;
                    let holds = if equal { loaded == step.k } else { loaded >= step.k };
                    at += usize::from(if holds { step.jt } else { step.jf });
                }
            }
        }
    }

    #[test]
    fn only_local_sockets_can_be_made() {
        let socket = number(libc::SYS_socket);
        check(ARCHITECTURE, socket, libc::AF_UNIX.cast_unsigned(), ALLOW);
        check(ARCHITECTURE, socket, libc::AF_NETLINK.cast_unsigned(), ALLOW);
        for domain in [libc::AF_INET, libc::AF_INET6, libc::AF_PACKET, libc::AF_VSOCK] {
            check(ARCHITECTURE, socket, domain.cast_unsigned(), REFUSE);
        }
    }

    #[test]
    fn other_calls_pass_and_ways_around_do_not() {
        check(ARCHITECTURE, number(libc::SYS_read), libc::AF_INET.cast_unsigned(), ALLOW);
        check(ARCHITECTURE, number(libc::SYS_io_uring_setup), 8, REFUSE);
        check(ARCHITECTURE, OTHER_ABI_FROM + 41, 1, REFUSE);
        check(0x4000_0003, 359, 1, REFUSE);
    }
}
