using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Tests.Pe;
using Mantle.Measure.Tests.Audit;
using Mantle.Fuzz.Seeds;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.ImageBuilder.Recipes;
using Mantle.Testing;

namespace Mantle.Cli.Tests;

/// <summary>An appliance of three packages of a few kilobytes, with the archive that holds them: a build of it takes a fraction of a second.</summary>
internal static class TinyAppliance
{
    public const string RecipeName = "tiny.yaml";
    private const string Release = "6.12.1-test";

    /// <summary>What <c>waived</c> waives.</summary>
    public const string WaivedRule = "SSH-005";

    public const string WaivedPath = "/usr/share/waived/sshd_config";

    private static readonly DateTimeOffset s_date = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    private const string Recipe = """
        format: 1
        name: tiny
        version: 1.0.0
        epoch: 2026-01-01T00:00:00Z
        suites: [trixie]
        packages:
          roots: [base]
        kernel:
          package: linux
          modules: [erofs]
          command-line: []
        stub:
          package: stub
          file: /stub
        init:
          source: init
        files:
          - path: /usr/bin/service
            source: service
            mode: "0755"
        users:
          - name: web
            id: 7
        service:
          exec: /usr/bin/service
          user: web
        memory:
          - path: /run
            size: 16 MiB
        disk:
          esp: 4 MiB

        """;

    /// <summary>Writes recipe, lock, guest programs and archive.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="package">The package "base" instead of the sound one.</param>
    /// <param name="payload">Bytes of the program that the recipe adds.</param>
    /// <param name="waived">Whether something is in the image that the audit finds and the recipe waives.</param>
    public static void Write(string folder, byte[]? package = null, int payload = 2000, bool waived = false)
    {
        File.WriteAllText(Path.Combine(folder, RecipeName), !waived ? Recipe : Recipe.Replace("users:", $"  - path: {WaivedPath}\n    source: waived\nusers:", StringComparison.Ordinal)
            + $"waivers:\n  - rule: {WaivedRule}\n    path: {WaivedPath}\n    reason: a test of waivers\n    owner: somebody\n    expires: 2027-01-01\n");
        if (waived)
        {
            File.WriteAllText(Path.Combine(folder, "waived"), "PermitRootLogin yes\n");
        }

        File.WriteAllText(Path.Combine(folder, "init"), "\u007fELF init");
        byte[] service = new byte[payload];
        new Random(1).NextBytes(service);
        "\u007fELF"u8.CopyTo(service);
        File.WriteAllBytes(Path.Combine(folder, "service"), service);
        LockedPackage[] packages =
        [
            Publish(folder, "base", "root", package ?? DebBuilder.Package(
                "base", DebBuilder.Directory("./"), DebBuilder.Directory("./usr/"), DebBuilder.Directory("./usr/share/"), DebBuilder.File("./usr/share/text", "text"))),
            Publish(folder, "linux", "kernel", DebBuilder.Package(
                "linux",
                DebBuilder.Directory("./"),
                DebBuilder.Directory("./boot/"),
                DebBuilder.File($"./boot/vmlinuz-{Release}", TestKernel.Build(TestKernel.Lockdown, null, $"{Release} (builder) #1")),
                DebBuilder.Directory("./usr/"),
                DebBuilder.Directory("./usr/lib/"),
                DebBuilder.Directory("./usr/lib/modules/"),
                DebBuilder.Directory($"./usr/lib/modules/{Release}/"),
                DebBuilder.File($"./usr/lib/modules/{Release}/erofs.ko", [.. Elf.Module("erofs", Release), 1, 2, 3, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, .. "~Module signature appended~\n"u8]))),
            Publish(folder, "stub", "stub", DebBuilder.Package("stub", DebBuilder.Directory("./"), DebBuilder.File("./stub", SyntheticPe.Stub()))),
        ];
        LockedSuite suite = new()
        {
            Name = "trixie", Codename = "trixie", Date = s_date, ReleaseSha256 = new string('a', 64), PackagesSha256 = new string('b', 64), SignedBy = [],
        };
        LockFile.Create(RecipeReader.Read(Path.Combine(folder, RecipeName)).Resolution(), [suite], packages).Write(Path.Combine(folder, "tiny.lock.json"));
    }

    /// <summary>The arguments of a build.</summary>
    public static IReadOnlyList<string> Build(string folder, params IEnumerable<string> more) => ["build", RecipeName, "--mirror", Mirror(folder), .. more];

    public static string Mirror(string folder) => new Uri(Path.Combine(folder, "debian")).AbsoluteUri;

    /// <summary>SHA-256 of the names and contents of all files of a folder.</summary>
    public static string Digest(string folder)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string path in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(path)));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(path)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Nothing of an unfinished build lies beside the output.</summary>
    public static void AssertNoLeftovers(string folder) =>
        Assert.DoesNotContain(Directory.GetFileSystemEntries(folder), path => path.Contains(".pending-", StringComparison.Ordinal));

    private static LockedPackage Publish(string folder, string name, string use, byte[] deb)
    {
        string path = $"pool/{name}_1.0-1_amd64.deb";
        Directory.CreateDirectory(Path.Combine(folder, "debian", "pool"));
        File.WriteAllBytes(Path.Combine(folder, "debian", path), deb);
        return new()
        {
            Name = name, Version = "1.0-1", Architecture = "amd64", Suite = "trixie", Path = path, Size = deb.Length,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(deb)), Uses = [use], Why = [$"{use}: recipe"],
        };
    }
}
