using System.Text.Json.Nodes;
using Mantle.Formats.Efi;
using Mantle.Formats.Tpm;
using Mantle.ImageBuilder.Signing.Identities;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;
using Mantle.Testing;

namespace Mantle.ImageBuilder.Tests.Signing;

public sealed class IdentityTests : IDisposable
{
    private static readonly DateTimeOffset s_from = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Foreign_tools_read_the_lists_and_write_the_same_updates()
    {
        await MakeAsync("identity", WithKeys());
        string at = _folder["identity"];

        foreach (string variable in new[] { "PK", "KEK", "db" })
        {
            string list = Path.Combine(at, $"{variable}.esl");
            Oracle.Succeed("cert-to-efi-sig-list", "-g", SecureBootIdentity.Read(at).Owner.ToString(), Path.Combine(at, $"{variable}.pem"), _folder["theirs.esl"]);
            Assert.Equal(File.ReadAllBytes(_folder["theirs.esl"]), File.ReadAllBytes(list));
            (string key, string certificate) = variable == "db" ? ("KEK.key", "KEK.pem") : ("PK.key", "PK.pem");
            Oracle.Succeed("sign-efi-sig-list", "-t", "2026-11-23 00:00:00", "-k", _folder[key], "-c", Path.Combine(at, certificate), variable, list, _folder["theirs.auth"]);
            Assert.Equal(File.ReadAllBytes(_folder["theirs.auth"]), File.ReadAllBytes(Path.Combine(at, $"{variable}.auth")));
            Assert.Contains("CA:FALSE", Oracle.Succeed("openssl", "x509", "-in", Path.Combine(at, $"{variable}.pem"), "-noout", "-text"), StringComparison.Ordinal);
            Oracle.Succeed("openssl", "verify", "-partial_chain", "-no_check_time", "-CAfile", Path.Combine(at, $"{variable}.pem"), Path.Combine(at, $"{variable}.pem"));
        }
    }

    [Fact]
    public async Task The_same_keys_make_the_same_identity_and_it_checks()
    {
        await MakeAsync("one", WithKeys());
        await MakeAsync("two", WithKeys());

        string[] names = [.. Names("one")];
        Assert.Equal(
            ["KEK.auth", "KEK.esl", "KEK.pem", "PK.auth", "PK.esl", "PK.pem", "db.auth", "db.esl", "db.pem", "identity.json", "uefi-data.txt"], names);
        Assert.All(names, name => Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["one"], name)), File.ReadAllBytes(Path.Combine(_folder["two"], name))));
        Assert.Equal(Verdict.Holds, IdentityCheck.Check(_folder["one"], s_from).Verdict);
        Assert.Equal(Verdict.DoesNotHold, IdentityCheck.Check(_folder["one"], s_from.AddYears(11)).Verdict);
    }

    [Fact]
    public async Task Ec2_blob_holds_the_same_variables()
    {
        SecureBootIdentity identity = await MakeAsync("identity", WithKeys());
        IReadOnlyList<EfiVariable> variables = UefiData.Read(File.ReadAllBytes(Path.Combine(_folder["identity"], "uefi-data.txt")));

        SecureBootVariables found = SecureBootVariables.From(variables);
        Assert.Equal(identity.Variables.Allowed.ToArray(), found.Allowed.ToArray());
        Assert.Equal(identity.Variables.PlatformKey.ToArray(), found.PlatformKey.ToArray());
        Assert.All(variables, variable => Assert.Equal(EfiVariableAttributes.SecureBootVariable, variable.Attributes));
        Assert.Equal(4, IdentityFiles.Pcr7(identity, 0).Count);
        Assert.Equal(48, IdentityFiles.Pcr7(identity, 0)[TpmAlgorithm.Sha384].Bytes.Length);
    }

    [Fact]
    public async Task The_summary_is_what_the_published_schema_says()
    {
        await MakeAsync("identity", WithKeys());
        JsonNode schema = JsonNode.Parse(File.ReadAllBytes(Repository.PathOf("docs", "schemas", "identity.schema.json")))!["properties"]!;
        JsonObject summary = JsonNode.Parse(File.ReadAllBytes(Path.Combine(_folder["identity"], "identity.json")))!.AsObject();

        Assert.Equal(schema.AsObject().Select(member => member.Key), summary.Select(member => member.Key));
        string[] known = [.. schema["certificates"]!["items"]!["properties"]!.AsObject().Select(member => member.Key)];
        Assert.Equal(known, summary["certificates"]![2]!.AsObject().Select(member => member.Key));
        Assert.Equal(known[..^1], summary["certificates"]![0]!.AsObject().Select(member => member.Key));
    }

    [Theory]
    [InlineData("PK.pem")]
    [InlineData("db.auth")]
    [InlineData("uefi-data.txt")]
    [InlineData("identity.json")]
    public async Task A_changed_missing_or_added_file_is_found(string name)
    {
        await MakeAsync("identity", WithKeys());
        string path = Path.Combine(_folder["identity"], name);
        byte[] original = File.ReadAllBytes(path);
        byte[] changed = [.. original];
        changed[^20] ^= 1;

        File.WriteAllBytes(path, changed);
        Assert.Equal(CheckOutcome.Fail, IdentityCheck.Check(_folder["identity"], null).Find(name)!.Outcome);
        File.Delete(path);
        Assert.Equal(CheckOutcome.Fail, IdentityCheck.Check(_folder["identity"], null).Find(name)!.Outcome);
        File.WriteAllBytes(path, original);
        File.WriteAllText(Path.Combine(_folder["identity"], "db.key"), "a key where none belongs");
        Assert.Equal(CheckOutcome.Fail, IdentityCheck.Check(_folder["identity"], null).Find("folder")!.Outcome);
    }

    [Fact]
    public async Task A_key_made_here_is_kept_encrypted_and_those_of_the_authorities_are_not_kept_unless_asked()
    {
        IdentityRequest request = Request("identity") with { Bits = 2048, KeyFolder = _folder["keys"], Passphrases = new GivenPassphrases("one", "two", "three") };
        await IdentityMaker.MakeAsync(request, CancellationToken.None);
        Assert.Equal(["db.key.pem"], Names("keys"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder["keys"], "db.key.pem")));
        using ISigner key = KeyFile.Open(Path.Combine(_folder["keys"], "db.key.pem"), new GivenPassphrases("one"));
        Assert.Equal(SecureBootIdentity.Read(_folder["identity"]).Allowed[0].PublicKey.ToArray(), key.PublicKey.SubjectPublicKeyInfo.ToArray());

        await IdentityMaker.MakeAsync(
            request with { Folder = _folder["other"], KeyFolder = _folder["more"], KeepsAuthorities = true, Passphrases = new GivenPassphrases("one", "two", "three") }, CancellationToken.None);
        Assert.Equal(["KEK.key.pem", "PK.key.pem", "db.key.pem"], Names("more"));
    }

    [Fact]
    public async Task A_certificate_alone_will_do_for_db_and_several_keep_their_order()
    {
        await MakeAsync("first", WithKeys());
        byte[] certificate = SecureBootIdentity.Read(_folder["first"]).Allowed[0].Der.ToArray();
        using ISigner second = Key("second");
        SecureBootIdentity identity = await MakeAsync("identity", request => request with { Allowed = [second], AllowedCertificates = [certificate], Bits = 2048 });

        Assert.Equal(["CN=sample Signing Key", "CN=sample Signing Key"], identity.Allowed.Select(allowed => allowed.SubjectText));
        Assert.Equal(certificate, identity.Allowed[1].Der.ToArray());
        Assert.NotEqual(IdentityFiles.Pcr7(identity, 0)[TpmAlgorithm.Sha256], IdentityFiles.Pcr7(identity, 1)[TpmAlgorithm.Sha256]);
        Assert.Equal(Verdict.Holds, IdentityCheck.Check(_folder["identity"], null).Verdict);
    }

    [Fact]
    public async Task What_would_lose_a_key_or_overwrite_an_identity_or_not_work_in_firmware_is_refused()
    {
        Directory.CreateDirectory(_folder["there"]);
        await RefusedAsync("exists", Request("there"));
        await RefusedAsync("no folder to keep it in", Request("new"));
        await RefusedAsync("end before they begin", Request("new") with { KeyFolder = _folder["keys"], ValidUntil = s_from });
        Oracle.Succeed("openssl", "genpkey", "-algorithm", "ED25519", "-out", _folder["curve.key"]);
        using ISigner curve = KeyFile.Open(_folder["curve.key"], new GivenPassphrases());
        await RefusedAsync("is no RSA key", Request("new") with { Allowed = [curve], Bits = 2048 });
        Assert.False(Directory.Exists(_folder["new"]));

        async Task RefusedAsync(string why, IdentityRequest request) => Assert.Contains(
            why, (await Assert.ThrowsAsync<UserErrorException>(() => IdentityMaker.MakeAsync(request, CancellationToken.None))).Message, StringComparison.Ordinal);
    }

    private IEnumerable<string> Names(string folder) => Directory.GetFiles(_folder[folder]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    private Func<IdentityRequest, IdentityRequest> WithKeys() => request => request with { PlatformKey = Key("PK"), KeyExchangeKey = Key("KEK"), Allowed = [Key("db")] };

    private ISigner Key(string name)
    {
        string path = _folder[$"{name}.key"];
        if (!File.Exists(path))
        {
            Oracle.Succeed("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path);
        }

        return KeyFile.Open(path, new GivenPassphrases());
    }

    private IdentityRequest Request(string folder) => new()
    {
        Folder = _folder[folder], Name = "sample", ValidFrom = s_from, ValidUntil = s_from.AddYears(10), Passphrases = new GivenPassphrases(),
    };

    private Task<SecureBootIdentity> MakeAsync(string folder, Func<IdentityRequest, IdentityRequest> change) =>
        IdentityMaker.MakeAsync(change(Request(folder)), CancellationToken.None);
}
