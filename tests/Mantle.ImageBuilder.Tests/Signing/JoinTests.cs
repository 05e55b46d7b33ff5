using System.Security.Cryptography;
using System.Text;
using Mantle.ImageBuilder.Signing.Releases;
using Mantle.Measure;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Policy;

namespace Mantle.ImageBuilder.Tests.Signing;

/// <summary>Copies of a release that several people have signed become one, and nobody's forged signature keeps another's out.</summary>
public sealed class JoinTests : IDisposable
{
    private static readonly DsseEnvelope s_statement = DsseEnvelope.Create(DsseEnvelope.StatementType, "a statement"u8.ToArray());

    private readonly RSA _mine = RSA.Create(2048);
    private readonly RSA _theirs = RSA.Create(2048);

    private ReleasePolicy Policy => new()
    {
        Name = "sample", MinimumNumber = 0, MaximumAge = TimeSpan.FromDays(1),
        Roles = [new("manager", 1, [new("me", [KeyOf(_mine)]), new("they", [KeyOf(_theirs)])])],
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Both_orders_give_the_same_envelope(bool hasPolicy)
    {
        DsseEnvelope mine = s_statement.With(Sign(_mine));
        DsseEnvelope theirs = s_statement.With(Sign(_theirs));
        byte[] joined = Join(mine, theirs, hasPolicy).ToArray();
        Assert.Equal(joined, Join(theirs, mine, hasPolicy).ToArray());
        Assert.Equal(joined, Join(Join(mine, theirs, hasPolicy), theirs, hasPolicy).ToArray());
    }

    [Fact]
    public void A_forged_signature_that_was_there_first_gives_way_to_the_real_one()
    {
        DsseEnvelope real = s_statement.With(Sign(_theirs));
        DsseEnvelope joined = Join(s_statement.With(Forge(_theirs)).With(Sign(_mine)), real, hasPolicy: true);
        Assert.True(joined.IsSignedBy(KeyOf(_theirs).Key, SignatureScheme.RsaPkcs1Sha256));
        Assert.True(joined.IsSignedBy(KeyOf(_mine).Key, SignatureScheme.RsaPkcs1Sha256));
        AssertRefused("without a policy neither can be checked", s_statement.With(Forge(_theirs)), real, hasPolicy: false);
    }

    [Fact]
    public void What_does_not_hold_is_of_nobody_or_of_another_release_is_refused()
    {
        DsseEnvelope mine = s_statement.With(Sign(_mine));
        AssertRefused("does not hold as rsa-pkcs1-sha256", mine, s_statement.With(Forge(_theirs)), hasPolicy: true);
        AssertRefused("does not hold as rsa-pkcs1-sha256", mine, s_statement.With(Forge(_mine)), hasPolicy: true);
        using RSA stranger = RSA.Create(2048);
        AssertRefused("which the policy does not know", mine, s_statement.With(Sign(stranger)), hasPolicy: true);
        AssertRefused("is the envelope of another release", mine, DsseEnvelope.Create(DsseEnvelope.StatementType, "another"u8.ToArray()), hasPolicy: true);
    }

    public void Dispose()
    {
        _mine.Dispose();
        _theirs.Dispose();
    }

    private DsseEnvelope Join(DsseEnvelope envelope, DsseEnvelope other, bool hasPolicy) => ReleaseSigner.Join(envelope, other, hasPolicy ? Policy : null, "other.json");

    private void AssertRefused(string reason, DsseEnvelope envelope, DsseEnvelope other, bool hasPolicy)
    {
        UserErrorException refusal = Assert.Throws<UserErrorException>(() => Join(envelope, other, hasPolicy));
        Assert.Equal(ExitCode.Mismatch, refusal.Code);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    private static ReleaseKey KeyOf(RSA key) => new(
        VerificationKey.Read(Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem())), SignatureScheme.RsaPkcs1Sha256, DateOnly.MinValue, DateOnly.MaxValue);

    private static DsseSignature Sign(RSA key) => new(
        KeyOf(key).Key.KeyId, key.SignData(s_statement.PreAuthenticationEncoding(), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    private static DsseSignature Forge(RSA key) => new(KeyOf(key).Key.KeyId, new byte[256]);
}
