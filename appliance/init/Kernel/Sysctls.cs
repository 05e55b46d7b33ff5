namespace Mantle.Init.Kernel;

/// <summary>
/// The kernel settings of the appliance, in the order in which they are written. Each must exist and be accepted: a kernel
/// that has lost one is a kernel whose sealing nobody has looked at.
/// </summary>
internal static class Sysctls
{
    internal static readonly (string Path, string Value)[] Hardening =
    [
        // No keyboard or serial line steers the kernel; a fault reboots.
        ("kernel/sysrq", "0"),
        ("kernel/ctrl-alt-del", "0"),
        ("kernel/panic", "-1"),
        ("kernel/panic_on_oops", "1"),

        // The kernel starts no program: there is none for it to start, and none shall ever be.
        ("kernel/core_pattern", ""),
        ("kernel/modprobe", ""),
        ("kernel/usermodehelper/bset", "0 0"),
        ("kernel/usermodehelper/inheritable", "0 0"),
        ("fs/suid_dumpable", "0"),

        // No other kernel, no code in the kernel, no view of its memory. 1 can't be taken back where 2 could.
        ("kernel/kexec_load_disabled", "1"),
        ("kernel/unprivileged_bpf_disabled", "1"),
        ("net/core/bpf_jit_harden", "2"),
        ("kernel/kptr_restrict", "2"),
        ("kernel/dmesg_restrict", "1"),
        ("kernel/perf_event_paranoid", "3"),
        ("kernel/io_uring_disabled", "2"),
        ("kernel/randomize_va_space", "2"),
        ("vm/unprivileged_userfaultfd", "0"),
        ("dev/tty/ldisc_autoload", "0"),

        // No process looks into another, no name spaces for users, no code outside the verity root: the tmpfs are noexec, and
        // with 2 neither is a memfd executable.
        ("kernel/yama/ptrace_scope", "3"),
        ("user/max_user_namespaces", "0"),
        ("vm/memfd_noexec", "2"),
        ("fs/protected_symlinks", "1"),
        ("fs/protected_hardlinks", "1"),
        ("fs/protected_fifos", "2"),
        ("fs/protected_regular", "2"),

        // The network is hostile. IPv4 only: no router advertisement configures this machine.
        ("net/ipv6/conf/all/disable_ipv6", "1"),
        ("net/ipv6/conf/default/disable_ipv6", "1"),
        ("net/ipv4/conf/all/accept_redirects", "0"),
        ("net/ipv4/conf/default/accept_redirects", "0"),
        ("net/ipv4/conf/all/secure_redirects", "0"),
        ("net/ipv4/conf/default/secure_redirects", "0"),
        ("net/ipv4/conf/all/send_redirects", "0"),
        ("net/ipv4/conf/default/send_redirects", "0"),
        ("net/ipv4/conf/all/accept_source_route", "0"),
        ("net/ipv4/conf/default/accept_source_route", "0"),
        ("net/ipv4/conf/all/rp_filter", "1"),
        ("net/ipv4/conf/default/rp_filter", "1"),
        ("net/ipv4/conf/all/arp_ignore", "1"),
        ("net/ipv4/conf/all/arp_announce", "2"),
        ("net/ipv4/icmp_echo_ignore_broadcasts", "1"),
        ("net/ipv4/ip_forward", "0"),
        ("net/ipv4/tcp_syncookies", "1"),
        ("net/ipv4/tcp_rfc1337", "1"),
    ];

    internal static void Write(string path, string value) => KernelFile.WriteValue("/proc/sys/" + path, value);
}
