using System.Text;

namespace Mantle.Fuzz.Seeds;

/// <summary>Sound inputs that are text.</summary>
internal static class Texts
{
    public const string Recipe = """
        format: 1
        name: tiny
        version: 1.0.0
        epoch: 2026-01-01T00:00:00Z
        suites: [trixie]
        packages:
          roots: [libc6]
          leave-out:
            - package: debconf
              reason: there is nobody to ask
        kernel:
          package: linux
          modules: [erofs]
          command-line: [a=b]
        stub:
          package: stub
          file: /stub
        init:
          source: init
        files:
          - path: /etc/motd
            content: "none\n"
            mode: "0600"
          - path: /etc/link
            link: motd
        remove: [/usr/share/doc]
        users:
          - name: web
            id: 7
          - name: unseal
            id: 8
        service:
          exec: /usr/bin/web
          user: web
          environment: {A: b}
          restart-delay: 500ms
        unseal:
          exec: /usr/bin/unseal
          user: unseal
          status-port: 8009
          attempts: 2
          kms:
            region: us-east-1
            endpoint: https://kms.test
          files:
            - name: token
              source: /usr/share/token.sealed
          volumes:
            - name: weights
              root-hash: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
              version: "2"
              encrypted: true
        memory:
          - path: /run
            size: 16 MiB
        debug:
          packages:
            roots: [box]
          files:
            - path: /etc/debug
              content: x
          init:
            source: twin
          command-line:
            - word: a=b
              replaces: a=c
              reason: somebody wants to see
        """;

    public const string Appliance = """
        {
          "version": 1, "name": "sample", "release": "1.0.0", "hostname": "mantle", "network": "dhcp",
          "tmpfs": [ { "path": "/run", "size_bytes": 16777216, "mode": "0755", "exec": false } ],
          "service": {
            "exec": "/usr/bin/service", "arguments": ["--port", "443"], "user_id": 1000, "group_id": 1001,
            "environment": { "KEY": "value" }, "working_directory": "/", "restart": "on-failure",
            "restart_delay_ms": 1000, "stop_timeout_ms": 10000, "writable": ["/run/service"]
          },
          "unseal": {
            "exec": "/usr/bin/unseal", "user_id": 1002, "group_id": 1003, "status_port": 8009, "attempts": 5, "on_failure": "reboot",
            "kms": { "region": "us-east-1", "endpoint": "https://kms.test", "certificates": "/etc/roots.pem" },
            "files": [ { "name": "api-token", "source": "/usr/share/token.sealed", "version": "1" } ],
            "volumes": [ { "name": "weights", "root_hash": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "version": "2", "encrypted": true } ]
          },
          "on_failure": "power-off"
        }
        """;

    public const string Control = """
        # a comment
        Package: libssl3t64
        Version: 3.5.4-1~deb13u1
        Architecture: amd64
        Multi-Arch: same
        Pre-Depends: dpkg (>= 1.15.6)
        Depends: libc6 (>= 2.38), libzstd1 (>= 1.5.5) | zlib1g:any (= 1:1.2) [amd64 i386], openssl-provider-legacy
        Provides: libssl3 (= 3.5.4-1~deb13u1)
        Priority: optional
        Filename: pool/main/o/openssl/libssl3t64_3.5.4-1~deb13u1_amd64.deb
        Size: 2446324
        SHA256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        Description: a library
         of two lines
         .

        Package: all-of-it
        Version: 2:1.0+b1-0.1
        Architecture: all
        Filename: pool/a.deb
        Size: 1
        SHA256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

        """;

    public const string Release = """
        Origin: Test
        Suite: stable
        Codename: trixie
        Date: Sat, 21 Nov 2026 09:15:44 UTC
        Valid-Until: Sat, 28 Nov 2026 09:15:44 UTC
        Acquire-By-Hash: yes
        Architectures: all amd64
        Components: main contrib
        SHA256:
         0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef      100 main/binary-amd64/Packages
         0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef       50 main/binary-amd64/Packages.xz

        """;

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static IReadOnlyList<byte[]> Words(params string[] words) => [.. words.Select(Bytes)];
}
