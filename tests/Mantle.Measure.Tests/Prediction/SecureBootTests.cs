using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Signing;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tests.Pe.Signing;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Tests.Prediction;

/// <summary>Which entry of db vouches for the boot file, for images that foreign tools have signed.</summary>
public sealed class SecureBootTests : IDisposable
{
    private readonly TestAuthority _root = new("root");
    private readonly TestAuthority _leaf;
    private readonly TestAuthority _other = new("other");
    private readonly byte[] _unsigned = TestUki.Make().ToArray();

    public SecureBootTests() => _leaf = new("leaf", _root, isAuthority: false);

    [Fact]
    public void The_first_entry_of_db_that_vouches_is_measured()
    {
        byte[] signed = _leaf.SignBySbsign(_unsigned);

        Assert.Equal([_leaf.Der], Measured(signed, [_leaf.List]));
        Assert.Equal([_root.Der], Measured(signed, [_root.List]));
        Assert.Equal([_root.Der], Measured(signed, [_other.List, _root.List, _leaf.List]));
        Assert.Equal([_leaf.Der], Measured(signed, [SignatureList.OfSha256(TestAuthority.Owner, new byte[32]), _leaf.List, _root.List]));
    }

    [Fact]
    public void The_first_signature_that_db_accepts_decides_before_the_order_of_db()
    {
        byte[] signed = _leaf.SignBySbsign(_other.SignBySbsign(_unsigned));

        Assert.Equal([_other.Der], Measured(signed, [_leaf.List, _other.List]));
        Assert.Equal([_leaf.Der], Measured(signed, [_leaf.List]));
    }

    [Fact]
    public void A_digest_in_db_vouches_when_no_certificate_does()
    {
        byte[] digest = Digest(_unsigned, HashAlgorithmName.SHA256);
        SignatureList hash = SignatureList.OfSha256(TestAuthority.Owner, new byte[32], digest);
        byte[] signed = _leaf.SignBySbsign(_unsigned);

        Assert.Equal([digest], Measured(_unsigned, [_root.List, hash]));
        Assert.Equal([digest], Measured(signed, [_other.List, hash]));
        Assert.Equal([_leaf.Der], Measured(signed, [hash, _leaf.List]));
        byte[] longer = Digest(_unsigned, HashAlgorithmName.SHA384);
        Assert.Equal([longer], Measured(_unsigned, [hash, new(EfiGuids.Sha384, default, [new(TestAuthority.Owner, longer)])]));
    }

    [Fact]
    public void What_dbx_forbids_will_not_boot()
    {
        byte[] signed = _leaf.SignBySbsign(_unsigned);
        byte[] signedTwice = _other.SignBySbsign(signed);
        SignatureList digest = SignatureList.OfSha256(TestAuthority.Owner, Digest(_unsigned, HashAlgorithmName.SHA256));
        byte[] signedPart = SHA256.HashData(SigningCertificate.Read(_leaf.Der).SignedPart.Span);
        SignatureList revoked = new(EfiGuids.X509Sha256, default, [new(TestAuthority.Owner, (byte[])[.. signedPart, .. new byte[16]])]);

        Assert.Contains("dbx forbids a signature", Refused(signed, [_leaf.List], [_leaf.List]), StringComparison.Ordinal);
        Assert.Contains("dbx forbids a signature", Refused(signed, [_leaf.List], [_root.List]), StringComparison.Ordinal);
        Assert.Contains("CN=TEST leaf is revoked", Refused(signed, [_root.List], [revoked]), StringComparison.Ordinal);
        Assert.Contains("dbx forbids the SHA256 digest", Refused(signed, [_leaf.List], [digest]), StringComparison.Ordinal);
        Assert.Contains("dbx forbids its SHA256 digest", Refused(_unsigned, [digest], [digest]), StringComparison.Ordinal);
        Assert.Contains("dbx forbids a signature", Refused(signedTwice, [_leaf.List], [_other.List]), StringComparison.Ordinal);
        Assert.Equal([_leaf.Der], Measured(signed, [_leaf.List], [_other.List]));
    }

    [Fact]
    public void What_db_does_not_have_will_not_boot()
    {
        byte[] signed = _leaf.SignBySbsign(_unsigned);
        byte[] changed = [.. signed];
        changed[^3000] ^= 1; // in the last section

        Assert.Contains("is not signed, and db has no digest of it", Refused(_unsigned, [_root.List], []), StringComparison.Ordinal);
        Assert.Contains("no entry of db vouches", Refused(signed, [_other.List], []), StringComparison.Ordinal);
        Assert.Contains("no entry of db vouches", Refused(changed, [_leaf.List], []), StringComparison.Ordinal);
        Assert.False(_leaf.SbverifyAccepts(changed));
    }

    [Fact]
    public void Variables_and_authority_are_measured_as_they_are_and_the_kernel_is_not()
    {
        byte[] signed = _leaf.SignBySbsign(_unsigned);
        SecureBootVariables variables = Variables([_root.List], []);
        ImagePrediction on = Predict(signed, variables, SecureBootState.On);
        ImagePrediction off = Predict(signed, variables, SecureBootState.Off);
        ImagePrediction none = Predict(signed, null, SecureBootState.On);

        UefiVariableData[] measured = [.. on.Pcrs.Single(pcr => pcr.Index == 7).Events.Where(e => e.EventType != EventType.Separator).Select(e => UefiVariableData.Read(e.Logged!.Value))];
        Assert.Equal(["SecureBoot", "PK", "KEK", "db", "dbx", "db"], measured.Select(variable => variable.Name));
        Assert.Equal([1], measured[0].Content.ToArray());
        Assert.Equal(variables.Allowed.ToArray(), measured[3].Content.ToArray());
        Assert.Equal(_root.List.Entries[0].ToArray(), measured[5].Content.ToArray());
        Assert.Equal(6, off.Pcrs.Single(pcr => pcr.Index == 7).Events.Count);
        Assert.Equal([3, 4, 3], new[] { on, off, none }.Select(prediction => prediction.Pcrs.Single(pcr => pcr.Index == 4).Events.Count));
        Assert.Contains(new UnpredictedPcr(7, "it measures the Secure Boot variables, and they are not given"), none.Unpredicted);
    }

    [Fact]
    public void An_addon_needs_a_voucher_too_and_each_is_measured_once()
    {
        byte[] signed = _leaf.SignBySbsign(_unsigned);
        CompanionFile[] addons = [.. CapturedBoot.Load("05-sidecars").Inputs().Extras.Addons];
        CompanionFile accepted = new("a.addon.efi", ByteSource.FromMemory(_other.SignBySbsign(addons[0].Content.ToArray())));
        CompanionFile same = new("b.addon.efi", ByteSource.FromMemory(_leaf.SignBySbsign(addons[1].Content.ToArray())));
        PredictionOptions options = new()
        {
            SecureBoot = SecureBootState.On,
            Variables = Variables([_leaf.List, _other.List], []),
            Extras = new() { Addons = [addons[0], accepted, same] },
        };
        ImagePrediction prediction = Predictor.Predict(ByteSource.FromMemory(signed), options);

        Assert.Equal([_leaf.Der, _other.Der], Authorities(prediction));
        Assert.Equal(5, prediction.Pcrs.Single(pcr => pcr.Index == 4).Events.Count);
        Assert.Contains("an addon is not loaded", Assert.Single(prediction.Notes), StringComparison.Ordinal);
        Assert.Throws<UserErrorException>(() => Predictor.Predict(ByteSource.FromMemory(signed), options with { Variables = null }));
    }

    [Fact]
    public void Keys_are_taken_from_every_form_that_tools_write()
    {
        byte[] list = SignatureDatabase.Write(_root.List);
        byte[] update = new AuthenticatedUpdate(new byte[16], new byte[] { 1 }, list).ToArray();
        Guid owner = TestAuthority.Owner;

        Assert.Equal(list, SignatureListFile.Read("esl", list, null).ToArray());
        Assert.Equal(list, SignatureListFile.Read("auth", update, null).ToArray());
        Assert.Equal(list, SignatureListFile.Read("efivarfs", (byte[])[0x27, 0, 0, 0, .. list], null).ToArray());
        Assert.Equal(list, SignatureListFile.Read("der", _root.Der, owner).ToArray());
        Assert.Equal(
            SignatureDatabase.Write(_root.List, _leaf.List),
            SignatureListFile.Read("pem", System.Text.Encoding.ASCII.GetBytes(_root.Certificate.ExportCertificatePem() + "\n" + _leaf.Certificate.ExportCertificatePem()), owner).ToArray());
        Assert.Equal(ExitCode.Usage, Assert.Throws<UserErrorException>(() => SignatureListFile.Read("der", _root.Der, null)).Code);
        Assert.Throws<UserErrorException>(() => SignatureListFile.Read("text", "hello, this is no key at all, is it?"u8.ToArray(), null));
        string blob = UefiData.Write([new(EfiGuids.ImageSecurityDatabase, "db", EfiVariableAttributes.SecureBootVariable, list)]);
        Assert.Equal(list, SecureBootVariables.From(VariableFile.Read("blob", System.Text.Encoding.ASCII.GetBytes(blob))).Allowed.ToArray());
    }

    public void Dispose()
    {
        _root.Dispose();
        _leaf.Dispose();
        _other.Dispose();
    }

    private SecureBootVariables Variables(SignatureList[] allowed, SignatureList[] forbidden) => new()
    {
        PlatformKey = SignatureDatabase.Write(_root.List),
        KeyExchangeKeys = SignatureDatabase.Write(_root.List),
        Allowed = SignatureDatabase.Write(allowed),
        Forbidden = SignatureDatabase.Write(forbidden),
    };

    private byte[][] Measured(byte[] image, SignatureList[] allowed, params SignatureList[] forbidden) =>
        Authorities(Predict(image, Variables(allowed, forbidden), SecureBootState.On));

    private string Refused(byte[] image, SignatureList[] allowed, SignatureList[] forbidden)
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => Measured(image, allowed, forbidden));
        Assert.Equal(ExitCode.Mismatch, error.Code);
        return error.Message;
    }

    private static byte[][] Authorities(ImagePrediction prediction) =>
    [
        .. prediction.Pcrs.Single(pcr => pcr.Index == 7).Events.Where(e => e.EventType == EventType.EfiVariableAuthority)
            .Select(e => UefiVariableData.Read(e.Logged!.Value).Content[16..].ToArray()),
    ];

    private static ImagePrediction Predict(byte[] image, SecureBootVariables? variables, SecureBootState state) => Predictor.Predict(
        ByteSource.FromMemory(image), new() { Variables = variables, SecureBoot = state, Banks = [TpmAlgorithm.Sha384] });

    private static byte[] Digest(byte[] image, HashAlgorithmName algorithm) =>
        AuthenticodeDigest.Compute(PeImage.Read(ByteSource.FromMemory(image)), algorithm)[0];
}
