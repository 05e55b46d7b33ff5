using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Measure.Tests.Audit.Corpus;

/// <summary>Ways in for people: servers, agents, debuggers, shells and interpreters, under names that say something else.</summary>
internal static class RemoteAttacks
{
    public static IEnumerable<Attack> All =>
    [
        Program("sshd renamed to metrics", "SSH-001", "usr/bin/metrics", "SSH-2.0-OpenSSH_9.9", "authorized_keys"),
        InInitrd("a static dropbear in the initrd", "SSH-001", "lib/modules.bin", "SSH-2.0-dropbear_2025.88"),
        Program("a server written in Go with an SSH library", "SSH-006", "usr/bin/exporter", "golang.org/x/crypto/ssh.NewServerConn"),
        Program("a server written in Rust with an SSH library", "SSH-006", "usr/libexec/agent", "russh::server::session"),
        new(
            "an SSH server in an image inside the root", "SSH-001", "root:/opt/data.img!/usr/bin/a",
            Sealed.WithRootErofs("opt/data.img", tree => tree.Put("usr/bin/a", FileNode.Regular(ByteSource.FromMemory(TestElf.Program("SSH-2.0-libssh_0.11")))))),
        File("an authorised key for an account", "SSH-003", "home/service/.ssh/authorized_keys", "x\n"),
        Unit("a socket on port 22 under an innocent name", "SSH-004", "metrics.socket", "[Socket]\nListenStream=0.0.0.0:22\n"),
        Program("systemd offers SSH to the hypervisor", "SSH-004", "usr/lib/systemd/system-generators/systemd-ssh-generator", "x"),
        Word("SSH on a socket of the hypervisor, by the command line", "SSH-004", "systemd.ssh_listen=vsock::22"),
        File("the configuration of a server that is not there yet", "SSH-005", "etc/ssh/sshd_config", "PermitRootLogin yes\n"),
        Program("a telnet server", "REMOTE-001", "usr/sbin/in.telnetd", "x"),
        Program("a telnet server renamed", "REMOTE-001", "usr/lib/x", "telnetd: too many sessions"),
        Program("a desktop over the network, renamed", "REMOTE-002", "usr/bin/screen-saver", "RFB 003.008"),
        Program("a shell in the browser", "REMOTE-002", "usr/local/bin/ttyd", "x"),
        Program("socat renamed", "REMOTE-003", "usr/bin/proxy", "socat by Gerhard Rieger and contributors"),
        Unit("a socket that starts a program for each connection", "REMOTE-003", "a.socket", "[Socket]\nListenStream=4444\nAccept=yes\n"),
        Program("tailscale with its SSH server", "REMOTE-004", "usr/bin/net", "tailscale.com/ssh/tailssh"),
        Program("a tunnel of a cloud", "REMOTE-004", "usr/bin/cloudflared", "x"),

        Program("the SSM agent renamed", "AGENT-001", "usr/bin/updater", "github.com/aws/amazon-ssm-agent/core"),
        Program("the session worker of the SSM agent", "AGENT-001", "usr/bin/ssm-session-worker", "x"),
        Unit("a unit of the SSM agent's snap", "AGENT-001", "snap.amazon-ssm-agent.amazon-ssm-agent.service", "[Service]\nExecStart=/usr/bin/x\n"),
        File("EC2 Instance Connect in a configuration", "AGENT-002", "etc/ssh/sshd_config.d/60-eic.conf", "AuthorizedKeysCommand /opt/x %u %f\n"),
        File("cloud-init's configuration", "AGENT-003", "etc/cloud/cloud.cfg", "users: [default]\n"),
        File("a seed for cloud-init", "AGENT-003", "var/lib/cloud/seed/nocloud/user-data", "#cloud-config\n"),
        Program("a service that runs user data", "AGENT-004", "usr/bin/bootstrap", "http://169.254.169.254/latest/user-data"),
        Program("a guest agent renamed", "AGENT-005", "usr/bin/balloon", "/dev/virtio-ports/org.qemu.guest_agent.0"),
        Program("an agent that prepares hibernation", "AGENT-006", "usr/bin/hibinit-agent", "x"),
        Unit("a socket of the hypervisor", "AGENT-007", "a.socket", "[Socket]\nListenStream=vsock::9999\n"),
        Program("a minion of a configuration management", "AGENT-008", "usr/bin/salt-minion", "x"),
        Program("a monitoring agent renamed", "AGENT-009", "usr/bin/m", "github.com/aws/amazon-cloudwatch-agent/cmd"),
        Program("a container runtime renamed", "AGENT-010", "usr/bin/box", "github.com/opencontainers/runc/libcontainer"),
        Program("an updater", "AGENT-011", "usr/bin/rauc", "x"),

        Program("gdbserver renamed", "DEBUG-001", "usr/bin/probe", "qXfer:features:read+"),
        Program("strace", "DEBUG-001", "usr/bin/strace", "x"),
        Unit("a debugger's port of Java", "DEBUG-002", "app.service", "[Service]\nExecStart=/usr/bin/x -agentlib:jdwp=transport=dt_socket,server=y\n"),
        InInitrd("busybox renamed in the initrd", "SHELL-001", "bin/helper", "BusyBox v1.37.0 (Debian)"),
        new("a shell by a link", "SHELL-002", "root:/bin/sh", Sealed.WithRootLink("bin/sh", "../usr/bin/service")),
        File("a script without an execute bit", "SHELL-003", "usr/share/service/hook", "#!/bin/sh\nid\n"),
        Program("a Python in /usr/share", "SHELL-004", "usr/share/fonts/font.bin", "PYTHONHOME"),
        Program("a package manager", "SHELL-005", "usr/bin/dpkg", "x"),
        Program("a package manager renamed", "SHELL-005", "usr/bin/d", "DPKG_MAINTSCRIPT_PACKAGE"),
        Program("a compiler", "SHELL-006", "usr/bin/tcc", "x"),
        Program("an editor", "SHELL-007", "usr/bin/vi", "x"),
        Program("an interpreter's library", "SHELL-008", "usr/lib/libpython3.13.so.1.0", "x"),
        File("programs for an interpreter that comes later", "SHELL-009", "opt/a.jar", "PK"),
        new(
            "modules for an interpreter that comes later", "SHELL-009", "root:/usr/lib/python3/dist-packages",
            Sealed.WithRootFile("usr/lib/python3/dist-packages/a.py", "import os\n")),
    ];

    private static PlantedImage Sealed => PlantedImage.Sealed();

    private static Attack Word(string name, string rule, string word) => new(name, rule, Attack.Uki, Sealed.WithCommandLineWord(word));

    private static Attack File(string name, string rule, string path, string content) => new(name, rule, $"root:/{path}", Sealed.WithRootFile(path, content));

    private static Attack Program(string name, string rule, string path, params string[] strings) =>
        new(name, rule, $"root:/{path}", Sealed.WithRootProgram(path, TestElf.Program(strings)));

    private static Attack InInitrd(string name, string rule, string path, string text) =>
        new(name, rule, $"{Attack.Initrd}/{path}", Sealed.WithInitrdProgram(path, TestElf.Static(text)));

    private static Attack Unit(string name, string rule, string unit, string content) => new(
        name, rule, $"root:/usr/lib/systemd/system/{unit}",
        Sealed.WithRootFile("usr/lib/systemd/system/default.target", $"[Unit]\nWants={unit}\n").WithRootFile($"usr/lib/systemd/system/{unit}", content));
}
