using System.Security.Cryptography;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using Mantle.Measure.Checking;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Policy;
using Mantle.Testing;

namespace Mantle.Cli.Tests;

/// <summary>From a build to a release that several people have signed, by the real executable.</summary>
public sealed class SignTests(SigningFixture signing) : IClassFixture<SigningFixture>
{
    [Fact]
    public void The_release_verifies_against_a_policy_that_asks_for_two_people()
    {
        string release = signing.CopyRelease("two-people");
        signing.Succeed("sign", release, "--key", "manager.key");
        Assert.Equal(Verdict.DoesNotHold, Verify(release).Verdict);
        signing.Succeed("sign", release, "--key", "reviewer.key");

        CheckReport report = Verify(release);
        Assert.True(report.Verdict == Verdict.Holds, CheckText.Describe(report) + string.Concat(report.Checks.Where(check => check.Outcome != CheckOutcome.Pass).Select(check => $"\n{check.Id}: {check.Evidence}")));
    }

    [Fact]
    public void Foreign_tools_accept_the_signed_boot_file_and_its_file_system()
    {
        GptPartition esp = Esp("release/image.raw");
        File.WriteAllBytes(signing.PathOf("esp.fat"), esp.Content.ToArray());
        Oracle.Succeed("fsck.fat", "-n", signing.PathOf("esp.fat"));
        Oracle.Succeed("mcopy", "-n", "-i", signing.PathOf("esp.fat"), "::EFI/BOOT/BOOTX64.EFI", signing.PathOf("boot.efi"));

        Oracle.Succeed("cmp", signing.PathOf("boot.efi"), signing.PathOf("release", "uki.efi"));
        Oracle.Succeed("sbverify", "--cert", signing.PathOf("identity", "db.pem"), signing.PathOf("boot.efi"));
        Oracle.Succeed("osslsigncode", "verify", "-CAfile", signing.PathOf("identity", "db.pem"), "-in", signing.PathOf("boot.efi"));
        Assert.Equal(Oracle.Succeed("pesign", "--hash", "--in", signing.PathOf("out", "uki.efi")), Oracle.Succeed("pesign", "--hash", "--in", signing.PathOf("boot.efi")));
        Assert.NotEqual(0, Oracle.Run("sbverify", ["--cert", signing.PathOf("identity", "KEK.pem"), signing.PathOf("boot.efi")]).ExitCode);
    }

    [Fact]
    public void Only_the_system_partition_changes_and_with_secure_boot_off_nothing_that_is_measured()
    {
        byte[] before = File.ReadAllBytes(signing.PathOf("out", "image.raw"));
        byte[] after = File.ReadAllBytes(signing.PathOf("release", "image.raw"));
        GptPartition esp = Esp("release/image.raw");

        Assert.Equal(before.Length, after.Length);
        Assert.True(before.AsSpan(0, (int)esp.Offset).SequenceEqual(after.AsSpan(0, (int)esp.Offset)));
        int behind = (int)(esp.Offset + esp.Length);
        Assert.True(before.AsSpan(behind).SequenceEqual(after.AsSpan(behind)));
        Assert.Equal(File.ReadAllBytes(signing.PathOf("out", "measurements.json")), File.ReadAllBytes(signing.PathOf("release", "measurements.json")));
        ReleaseStatement statement = ReleaseStatement.Read(Envelope("release").Payload);
        Assert.Equal(Pcr(statement.WithoutSecureBoot, 5), Pcr(statement.WithSecureBoot, 5));
        Assert.NotEqual(Pcr(statement.WithoutSecureBoot, 7), Pcr(statement.WithSecureBoot, 7));
        using JsonDocument identity = JsonDocument.Parse(File.ReadAllBytes(signing.PathOf("identity", "identity.json")));
        Assert.Equal(
            identity.RootElement.GetProperty("certificates")[2].GetProperty("pcr7").GetProperty("sha384").GetString(), Pcr(statement.WithSecureBoot, 7));
    }

    [Fact]
    public void The_same_keys_make_the_same_release_bit_for_bit()
    {
        signing.Succeed(SigningFixture.Sign("once-more", "--key", "steady.key"));
        Oracle.Succeed("diff", "-r", signing.PathOf("release"), signing.PathOf("once-more"));
    }

    [Fact]
    public void Two_people_sign_in_any_order_and_copies_can_be_joined()
    {
        string here = signing.CopyRelease("here");
        string there = signing.CopyRelease("there");
        signing.Succeed("sign", here, "--key", "steady.key"); // once more by the same key: nothing changes
        Assert.Equal(Bytes("release"), Bytes(here));
        signing.Succeed("sign", here, "--key", "manager.key");
        signing.Succeed("sign", there, "--key", "reviewer.key");
        File.Copy(signing.PathOf(there, "release.dsse.json"), signing.PathOf("theirs.json"));
        string left = signing.Copy(here, "left");
        string right = signing.Copy(there, "right");
        signing.Succeed("sign", left, "--attach", signing.PathOf(there, "release.dsse.json"));
        signing.Succeed("sign", right, "--attach", signing.PathOf(here, "release.dsse.json"));

        Assert.Equal(Bytes(left), Bytes(right));
        Assert.Equal(3, Envelope(left).Signatures.Count);
    }

    [Fact]
    public void Keys_that_are_elsewhere_sign_what_is_asked_for_and_the_release_is_the_same()
    {
        signing.Succeed("sign", "out", "--identity", "identity", "--request", "ask");
        Assert.Contains("sha256", File.ReadAllText(signing.PathOf("ask", "request.txt")), StringComparison.Ordinal);
        Oracle.Succeed("openssl", "dgst", "-sha256", "-sign", signing.PathOf("db.key"), "-out", signing.PathOf("boot.sig"), signing.PathOf("ask", "message.bin"));
        signing.Succeed(
            "sign", "out", "--identity", "identity", "--attach", "boot.sig", "--number", "3", "--released", "2026-11-23", "--expires", "2027-05-23", "--output", "detached");
        Assert.Empty(Envelope("detached").Signatures);

        signing.Succeed("sign", "detached", "--request", "ask-again");
        Oracle.Succeed("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", signing.PathOf("steady.key"), "-in", signing.PathOf("ask-again", "message.bin"), "-out", signing.PathOf("statement.sig"));
        Oracle.Succeed("openssl", "pkey", "-in", signing.PathOf("steady.key"), "-pubout", "-out", signing.PathOf("steady.pub"));
        signing.Succeed("sign", "detached", "--attach", "statement.sig", "--public-key", "steady.pub");
        Oracle.Succeed("diff", "-r", signing.PathOf("release"), signing.PathOf("detached"));

        ToolResult refused = signing.Run("sign", "detached", "--attach", "statement.sig", "--public-key", "manager.pub");
        Assert.Equal(5, refused.ExitCode);
        Assert.Contains("does not hold", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_envelope_verifies_by_openssl_and_two_signatures_keep_their_order()
    {
        using RSA other = RSA.Create(2048);
        File.WriteAllText(signing.PathOf("other.key"), other.ExportPkcs8PrivateKeyPem());
        signing.Succeed("identity", "create", "two", "--name", "two", "--valid-from", "2026-11-01", "--pk", "pk.key", "--kek", "kek.key", "--db", "db.key", "--db", "other.key");
        string[] arguments = SigningFixture.Sign("two-keys", "--key", "manager.key", "--db-key", "other.key");
        arguments[3] = "two";
        signing.Succeed(arguments);
        Oracle.Succeed("sbverify", "--cert", signing.PathOf("two", "db.pem"), signing.PathOf("two-keys", "uki.efi"));
        Oracle.Succeed("sbverify", "--cert", signing.PathOf("two", "db-2.pem"), signing.PathOf("two-keys", "uki.efi"));
        string listed = Oracle.Succeed("sbverify", "--list", signing.PathOf("two-keys", "uki.efi"));
        Assert.True(listed.IndexOf("CN=two Signing Key\n", StringComparison.Ordinal) is >= 0 and int first && first < listed.IndexOf("CN=two Signing Key 2", StringComparison.Ordinal), listed);

        DsseEnvelope envelope = Envelope("two-keys");
        File.WriteAllBytes(signing.PathOf("message"), envelope.PreAuthenticationEncoding());
        File.WriteAllBytes(signing.PathOf("signature"), envelope.Signatures[0].Signature.ToArray());
        Oracle.Succeed("openssl", "dgst", "-sha256", "-verify", signing.PathOf("manager.pub"), "-signature", signing.PathOf("signature"), signing.PathOf("message"));
    }

    [Theory]
    [InlineData("out/image.raw", "rewritten", 2)]
    [InlineData("out/measurements.json", "rewritten", 2)]
    [InlineData("out/sbom.spdx.json", "rewritten", 2)]
    [InlineData("identity/db.pem", "rewritten", 2)]
    [InlineData("identity/extra", "added", 2)]
    [InlineData("out/manifest.json", "removed", 3)]
    [InlineData("out/audit.json", "removed", 3)]
    public void An_input_that_is_not_what_was_made_is_refused_and_leaves_nothing(string path, string change, int exitCode)
    {
        string work = signing.PathOf("case");
        Directory.CreateDirectory(work);
        Oracle.Succeed("cp", "-a", signing.PathOf("out"), signing.PathOf("identity"), work);
        string changed = Path.Combine(work, path);
        if (change == "removed")
        {
            File.Delete(changed);
        }
        else if (change == "added")
        {
            File.WriteAllText(changed, "");
        }
        else
        {
            using FileStream file = new(changed, FileMode.Open);
            file.Position = path.EndsWith(".raw", StringComparison.Ordinal) ? Esp("out/image.raw").Offset + 3_000_000 : file.Length / 2;
            int old = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(old == '0' ? '1' : '0'));
        }

        string[] arguments = SigningFixture.Sign(Path.Combine(work, "release"), "--key", "steady.key");
        (arguments[1], arguments[3]) = (Path.Combine(work, "out"), Path.Combine(work, "identity"));
        ToolResult refused = signing.Run(arguments);
        Assert.True(refused.ExitCode == exitCode || (path.EndsWith(".raw", StringComparison.Ordinal) && refused.ExitCode is 2 or 3), refused.Error);
        Assert.Equal(["identity", "out"], Directory.GetFileSystemEntries(work).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal));
        Directory.Delete(work, recursive: true);
    }

    [Fact]
    public void Wrong_keys_times_and_places_are_refused()
    {
        Refused(3, "no certificate in the identity's db", [.. SigningFixture.Sign("no", "--key", "steady.key").Select(word => word == "db.key" ? "kek.key" : word)]);
        Refused(3, "no certificate in the identity's db", [.. SigningFixture.Sign("no", "--key", "steady.key").Select(word => word == "db.key" ? "manager.key" : word)]);
        Refused(2, "validity", [.. SigningFixture.Sign("no", "--key", "steady.key").Select(word => word == "2026-11-23" ? "2026-10-01" : word)]);
        Refused(4, "exists", SigningFixture.Sign("release", "--key", "steady.key"));
        Refused(1, "--number is needed", "sign", "out", "--identity", "identity", "--db-key", "db.key");
        Refused(1, "--identity is needed", "sign", "out");
        Refused(1, "--scheme", SigningFixture.Sign("no", "--key", "steady.key", "--scheme", "md5"));
        Refused(3, "has no manifest.json", "sign", "identity", "--identity", "identity", "--db-key", "db.key", "--number", "1", "--released", "2026-11-23", "--expires", "2027-01-01", "--output", "no");
        Assert.False(Directory.Exists(signing.PathOf("no")));

        void Refused(int exitCode, string why, params string[] arguments)
        {
            ToolResult refused = signing.Run(arguments);
            Assert.Equal(exitCode, refused.ExitCode);
            Assert.Contains(why, refused.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Nobody_signs_a_release_that_is_stated_as_it_is_and_yet_is_not_what_it_says()
    {
        // Whoever makes a release can state whatever files there are. Here the statement is about the measurements of another image.
        string release = signing.CopyRelease("misstated");
        byte[] measurements = File.ReadAllBytes(signing.PathOf(release, "measurements.json"));
        File.WriteAllBytes(signing.PathOf(release, "measurements-secure-boot.json"), measurements);
        ReleaseStatement statement = ReleaseStatement.Read(Envelope(release).Payload);
        statement = statement with
        {
            Subjects = [.. statement.Subjects.Select(subject => subject.Name != "measurements-secure-boot.json" ? subject : subject with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(measurements)) })],
            WithSecureBoot = statement.WithoutSecureBoot,
        };
        File.WriteAllBytes(signing.PathOf(release, "release.dsse.json"), DsseEnvelope.Create(DsseEnvelope.StatementType, statement.ToArray()).ToArray());
        ToolResult refused = signing.Run("sign", release, "--key", "manager.key");

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("fails: measurements.on", refused.Error, StringComparison.Ordinal);
        Assert.Empty(Envelope(release).Signatures);
    }

    [Fact]
    public void Nobody_signs_a_release_whose_identity_says_two_things()
    {
        // What a machine would be enrolled with by hand is another's key; the signature lists, which are measured, are sound.
        string release = signing.CopyRelease("two-identities");
        string changed = signing.PathOf(release, "identity", "uefi-data.txt");
        File.WriteAllText(changed, File.ReadAllText(changed)[..^8] + "AAAAAAA\n");
        ReleaseStatement statement = ReleaseStatement.Read(Envelope(release).Payload);
        ReleaseSubject[] subjects = [.. statement.Subjects.Select(subject => subject.Name != "identity/uefi-data.txt" ? subject : subject with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(changed))) })];
        statement = statement with { Subjects = subjects, IdentitySha256 = ReleaseFiles.IdentityDigest(subjects) };
        File.WriteAllBytes(signing.PathOf(release, "release.dsse.json"), DsseEnvelope.Create(DsseEnvelope.StatementType, statement.ToArray()).ToArray());
        ToolResult refused = signing.Run("sign", release, "--key", "manager.key");

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("the identity's uefi-data.txt: is not what follows", refused.Error, StringComparison.Ordinal);
        Assert.Empty(Envelope(release).Signatures);
    }

    [Fact]
    public void A_key_of_openssh_signs_a_release_and_one_with_a_passphrase_says_how_to_go_on()
    {
        string release = signing.CopyRelease("by-openssh");
        Oracle.Succeed("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", signing.PathOf("id_ed25519"));
        signing.Succeed("sign", release, "--key", "id_ed25519");
        Assert.Equal(2, Envelope(release).Signatures.Count);
        Oracle.Succeed("ssh-keygen", "-q", "-p", "-N", "long enough", "-f", signing.PathOf("id_ed25519"));
        byte[] before = Bytes(release);
        ToolResult refused = signing.Run("sign", release, "--key", "id_ed25519");
        Assert.Equal(3, refused.ExitCode);
        Assert.Equal(["imagebuilder: error: \"id_ed25519\" is an OpenSSH key with a passphrase, which is not understood", "imagebuilder: hint: "], refused.Error.Split('\n')[..2].Select((line, i) => i == 0 ? line : line[..20]));
        Assert.Contains("ssh-keygen -p", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, Bytes(release));
    }

    [Fact]
    public void A_debug_twin_is_refused()
    {
        string twin = signing.Copy("out", "twin");
        string manifest = File.ReadAllText(signing.PathOf(twin, "manifest.json"));
        File.WriteAllText(signing.PathOf(twin, "manifest.json"), manifest.Replace("\"debug\": false", "\"debug\": true", StringComparison.Ordinal));
        foreach (string[] more in new[] { Array.Empty<string>(), ["--request", "ask-for-twin"] })
        {
            string[] arguments = SigningFixture.Sign("no-twin", [.. more, "--key", "steady.key"]);
            arguments[1] = twin;
            ToolResult refused = signing.Run(arguments);
            Assert.True(refused.ExitCode is 2 or 3, refused.Error);
            Assert.Contains("debug twin", refused.Error, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(signing.PathOf("no-twin")) || Directory.Exists(signing.PathOf("ask-for-twin")));
    }

    [Fact]
    public void Waivers_of_the_build_are_a_file_of_the_release_and_only_those_count()
    {
        string folder = signing.PathOf("waived-build");
        Directory.CreateDirectory(folder);
        TinyAppliance.Write(folder, waived: true);
        ToolResult built = Tool.Run(folder, "imagebuilder", TinyAppliance.Build(folder));
        Assert.True(built.ExitCode == 0, built.Error);
        string[] arguments = SigningFixture.Sign("waived-release", "--key", "manager.key");
        arguments[1] = Path.Combine(folder, "out");
        signing.Succeed(arguments);
        signing.Succeed("sign", "waived-release", "--key", "reviewer.key"); // audits again with that file

        Assert.Equal(
            $"format: 1\nwaivers:\n  - rule: \"{TinyAppliance.WaivedRule}\"\n    path: \"{TinyAppliance.WaivedPath}\"\n    reason: \"a test of waivers\"\n    owner: \"somebody\"\n    expires: \"2027-01-01\"\n",
            File.ReadAllText(signing.PathOf("waived-release", "waivers.yaml")));
        Assert.Equal("DoesNotHold waivers", $"{Verify("waived-release").Verdict} {Assert.Single(Verify("waived-release").Checks, check => check.Outcome == CheckOutcome.Fail).Id}");
        Assert.Equal(Verdict.Holds, Verify("waived-release", $"waivers:\n  - rule: {TinyAppliance.WaivedRule}\n    path: {TinyAppliance.WaivedPath}\n").Verdict);

        File.Delete(signing.PathOf("waived-release", "waivers.yaml"));
        Assert.Contains("waivers.yaml", signing.Run("sign", "waived-release", "--key", "steady.key").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_signs_a_release_whose_files_are_not_those_that_it_states()
    {
        string release = signing.CopyRelease("tampered");
        File.AppendAllText(signing.PathOf(release, "sbom.spdx.json"), " ");
        ToolResult refused = signing.Run("sign", release, "--key", "manager.key");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("fails: file.sbom.spdx.json", refused.Error, StringComparison.Ordinal);

        release = signing.CopyRelease("added");
        File.WriteAllText(signing.PathOf(release, "notes.txt"), "");
        Assert.Contains("\"notes.txt\" is no file of a release", signing.Run("sign", release, "--key", "manager.key").Error, StringComparison.Ordinal);
        Assert.Equal(Bytes("release"), Bytes(release));
    }

    private CheckReport Verify(string release, string more = "")
    {
        string Person(string name) => $"      - person: {name}\n        keys:\n          - key: |\n{string.Concat(File.ReadAllLines(signing.PathOf(name + ".pub")).Select(line => $"              {line}\n"))}            from: 2026-01-01\n            until: 2027-12-31\n";
        ReleaseSubject[] subjects = [.. ReleaseStatement.Read(Envelope(release).Payload).Subjects];
        string policy = $"format: 1\nname: tiny\nroles:\n  - role: manager\n    threshold: 1\n    people:\n{Person("manager")}  - role: reviewer\n    threshold: 1\n    people:\n{Person("reviewer")}minimum-number: 1\nmaximum-age: 90d\nidentities: [{ReleaseFiles.IdentityDigest(subjects)}]\n{more}";
        return ReleaseVerification.Verify(
            signing.PathOf(release), new() { Policy = ReleasePolicyReader.Parse("release.yaml", policy, _ => null), At = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero) }).Report;
    }

    private static string Pcr(ReleaseMeasurements measurements, int index) => measurements.Banks[Formats.Tpm.TpmAlgorithm.Sha384][index].ToString();

    private GptPartition Esp(string image) =>
        GptReader.Read(ByteSource.OpenFile(signing.PathOf(image))).Partitions.Single(partition => partition.TypeId == DiscoverablePartitions.EfiSystem);

    private byte[] Bytes(string release) => File.ReadAllBytes(signing.PathOf(release, "release.dsse.json"));

    private DsseEnvelope Envelope(string release) => DsseEnvelope.Read(Bytes(release));
}
