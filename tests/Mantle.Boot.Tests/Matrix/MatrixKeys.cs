using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Signing;
using Mantle.Formats.Tests.Pe.Signing;
using Mantle.Measure.Prediction;

namespace Mantle.Boot.Tests.Matrix;

/// <summary>The keys of one run: a platform of our own, and those who sign for it, or would like to.</summary>
internal sealed class MatrixKeys : IDisposable
{
    private const int LongTime = 80;

    public MatrixKeys()
    {
        Leaf = new("leaf", Authority, isAuthority: false, years: LongTime);
        Revoked = new("revoked", Authority, isAuthority: false, years: LongTime);
    }

    /// <summary>Owns PK and KEK and signs nothing that boots.</summary>
    public TestAuthority Platform { get; } = new("platform", years: LongTime);

    /// <summary>Signs by itself.</summary>
    public TestAuthority Own { get; } = new("own", years: LongTime);

    /// <summary>Has signed <see cref="Leaf"/> and <see cref="Revoked"/>.</summary>
    public TestAuthority Authority { get; } = new("authority", years: LongTime);

    public TestAuthority Leaf { get; }

    public TestAuthority Revoked { get; }

    /// <summary>Has been expired since 2021.</summary>
    public TestAuthority Expired { get; } = new("expired");

    /// <summary>In no db but a stranger's.</summary>
    public TestAuthority Stranger { get; } = new("stranger", years: LongTime);

    /// <summary>The variables of a machine that takes these entries, in this order, and forbids those.</summary>
    public SecureBootVariables Variables(SignatureList[] allowed, params SignatureList[] forbidden) => new()
    {
        PlatformKey = SignatureDatabase.Write(Platform.List),
        KeyExchangeKeys = SignatureDatabase.Write(Platform.List),
        Allowed = SignatureDatabase.Write(allowed),
        Forbidden = SignatureDatabase.Write(forbidden),
    };

    /// <summary>The one place where boot files are signed, as <c>imagebuilder sign</c> does it; a signature more keeps the ones before it.</summary>
    public static byte[] Sign(byte[] image, TestAuthority signer, params TestAuthority[] carried)
    {
        PeImage read = PeImage.Read(ByteSource.FromMemory(image));
        TestAuthority[] chain = [signer, .. carried];
        AuthenticodeRequest request = AuthenticodeRequest.Create(read, [.. chain.Select(authority => SigningCertificate.Read(authority.Der))]);
        return CertificateTable.Append(read, request.Complete(signer.SignData(request.ToBeSigned))).ToArray();
    }

    public void Dispose()
    {
        foreach (TestAuthority authority in new[] { Platform, Own, Leaf, Revoked, Authority, Expired, Stranger })
        {
            authority.Dispose();
        }
    }
}
