using Mantle.Formats.Efi;
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

    /// <summary>The one place where boot files are signed.</summary>
    public static byte[] Sign(byte[] image, TestAuthority signer, params TestAuthority[] carried) => signer.SignBySbsign(image, carried);

    public void Dispose()
    {
        foreach (TestAuthority authority in new[] { Platform, Own, Leaf, Revoked, Authority, Expired, Stranger })
        {
            authority.Dispose();
        }
    }
}
