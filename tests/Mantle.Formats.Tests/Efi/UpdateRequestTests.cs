using Mantle.Formats.Efi;
using Mantle.Formats.Pe.Signing;
using Mantle.Formats.Tests.Pe.Signing;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Efi;

public class UpdateRequestTests
{
    private static readonly DateTimeOffset s_time = new(2026, 11, 23, 10, 20, 30, TimeSpan.Zero);

    [Fact]
    public void Sign_efi_sig_list_writes_the_same_update()
    {
        using TestAuthority signer = new("platform key");
        byte[] list = SignatureDatabase.Write(signer.List);
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["db.esl"], list);
        File.WriteAllText(folder["certificate.pem"], signer.Certificate.ExportCertificatePem());
        signer.WriteKey(folder["key.pem"]);
        Oracle.Succeed(
            "sign-efi-sig-list", "-t", "2026-11-23 10:20:30", "-k", folder["key.pem"], "-c", folder["certificate.pem"], "db", folder["db.esl"], folder["db.auth"]);
        AuthenticatedUpdate theirs = AuthenticatedUpdate.Read(File.ReadAllBytes(folder["db.auth"]));
        AuthenticatedUpdate ours = Sign(signer, "db", list);

        Assert.True(UpdateSignature.IsSignedBy(ours, EfiGuids.ImageSecurityDatabase, "db", SigningCertificate.Read(signer.Der)));
        Assert.Equal(theirs.Payload.ToArray(), ours.Payload.ToArray());
        Assert.Equal(theirs.Timestamp.ToArray(), ours.Timestamp.ToArray());
        Assert.Equal(Convert.ToHexString(theirs.Signature.Span), Convert.ToHexString(ours.Signature.Span));
    }

    [Fact]
    public void A_signature_counts_for_one_variable_one_time_one_content_and_one_key()
    {
        using TestAuthority signer = new("platform key");
        using TestAuthority other = new("other");
        AuthenticatedUpdate update = Sign(signer, "db", SignatureDatabase.Write(signer.List));
        SigningCertificate certificate = SigningCertificate.Read(signer.Der);

        Assert.True(UpdateSignature.IsSignedBy(update, EfiGuids.ImageSecurityDatabase, "db", certificate));
        Assert.False(UpdateSignature.IsSignedBy(update, EfiGuids.ImageSecurityDatabase, "dbx", certificate));
        Assert.False(UpdateSignature.IsSignedBy(update, EfiGuids.GlobalVariable, "db", certificate));
        Assert.False(UpdateSignature.IsSignedBy(update, EfiGuids.ImageSecurityDatabase, "db", SigningCertificate.Read(other.Der)));
        Assert.False(UpdateSignature.IsSignedBy(update with { Payload = SignatureDatabase.Write(other.List) }, EfiGuids.ImageSecurityDatabase, "db", certificate));
        Assert.False(UpdateSignature.IsSignedBy(update with { Timestamp = UpdateRequest.EfiTime(s_time.AddSeconds(1)) }, EfiGuids.ImageSecurityDatabase, "db", certificate));
        Assert.Equal(update.ToArray(), Sign(signer, "db", SignatureDatabase.Write(signer.List)).ToArray());
    }

    private static AuthenticatedUpdate Sign(TestAuthority signer, string name, byte[] content)
    {
        UpdateRequest request = new(
            new(EfiGuids.ImageSecurityDatabase, name, EfiVariableAttributes.SecureBootVariable, content), s_time, SigningCertificate.Read(signer.Der));
        return request.Complete(signer.SignData(request.ToBeSigned));
    }
}
