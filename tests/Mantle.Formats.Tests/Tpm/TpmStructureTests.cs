using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Formats.Tests.Tpm;

/// <summary>Structures by hand, field by field; real ones of a TPM are read where quotes are verified.</summary>
public class TpmStructureTests
{
    private const string Quote = "ff544347" + "8018" + "0003aabbcc" + "000400112233" + "000000000000046b" + "00000002" + "00000001" + "01" + "2019102300163636"
        + "00000002" + "000b03030000" + "000c03903000" + "0002beef";

    private const string EccKey = "0023" + "000b" + "00050072" + "0000" + "0010" + "0018000b" + "0003" + "0010" + "000201ff" + "00010a";

    private const string RsaKey = "0001" + "000b" + "00030072" + "0002abcd" + "000600800043" + "0016000c" + "0010" + "00000000" + "00028001";

    [Fact]
    public void A_quote_is_read()
    {
        foreach (string hex in (string[])[Quote, $"{Quote.Length / 2:x4}{Quote}"])
        {
            TpmAttestation quote = TpmAttestation.Read(Convert.FromHexString(hex));
            Assert.Equal(Quote, Convert.ToHexStringLower(quote.Bytes.Span));
            Assert.Equal(TpmAttestation.QuoteType, quote.Type);
            Assert.Equal([0xaa, 0xbb, 0xcc], quote.QualifiedSigner.ToArray());
            Assert.Equal([0, 0x11, 0x22, 0x33], quote.ExtraData.ToArray());
            Assert.Equal((0x46bUL, 2u, 1u, true), (quote.Clock, quote.ResetCount, quote.RestartCount, quote.IsClockSafe));
            Assert.Equal(0x2019102300163636UL, quote.FirmwareVersion);
            Assert.Equal("sha256:0,1+sha384:4,7,12,13", string.Join('+', quote.Selections));
            Assert.Equal([0xbe, 0xef], quote.PcrDigest.ToArray());
        }
    }

    [Theory]
    [InlineData("ff544347", "ff544348", "magic number 0xff544348 is not 0xff544347: no TPM has made this")]
    [InlineData("8018", "8013", "type 0x8013 is none of an attestation")]
    [InlineData("0003aabbcc", "0043aabbcc", "the signer's name of 67 bytes is longer than 66")]
    [InlineData("000400112233", "ffff00112233", "the extra data of 65535 bytes is longer than 66")]
    [InlineData("012019", "022019", "clock safety 2 is neither yes nor no")]
    [InlineData("00000002000b", "00000011000b", "a list of 17 selections")]
    [InlineData("000b03030000", "000b05030000", "a selection of 40 registers")]
    [InlineData("0002beef", "0041beef", "the digest of 65 bytes is longer than 64")]
    [InlineData("0002beef", "0002beef00", "1 bytes follow the quote")]
    [InlineData("0002beef", "0002be", "needs 2 bytes but 1 are left")]
    public void A_quote_that_is_wrong_in_one_field_is_refused(string field, string other, string problem) =>
        Assert.Equal(problem, Assert.Throws<MalformedInputException>(() => TpmAttestation.Read(Convert.FromHexString(Replace(Quote, field, other)))).Problem);

    [Fact]
    public void Keys_are_read()
    {
        TpmPublic ecc = TpmPublic.Read(Convert.FromHexString(EccKey));
        Assert.False(ecc.IsRsa);
        Assert.Equal((ushort)3, ecc.Curve);
        Assert.Equal([1, 0xff], ecc.X.ToArray());
        Assert.Equal([10], ecc.Y.ToArray());
        Assert.Equal(
            TpmObjectAttributes.FixedTpm | TpmObjectAttributes.FixedParent | TpmObjectAttributes.SensitiveDataOrigin | TpmObjectAttributes.UserWithAuth | TpmObjectAttributes.Restricted | TpmObjectAttributes.Sign,
            ecc.Attributes);

        TpmPublic rsa = TpmPublic.Read(Convert.FromHexString(RsaKey));
        Assert.True(rsa.IsRsa);
        Assert.Equal(65537u, rsa.Exponent);
        Assert.Equal([0x80, 1], rsa.Modulus.ToArray());
        Assert.Equal((ushort)0x0016, rsa.Scheme);
    }

    [Theory]
    [InlineData("0023000b", "0008000b", "type 0x0008 is neither RSA nor an elliptic curve")]
    [InlineData("0023000b", "00230012", "name algorithm sm3_256 is not known")]
    [InlineData("0005007200000010", "0005007200410010", "the policy of 65 bytes is longer than 64")]
    [InlineData("000201ff", "004301ff", "x of 67 bytes is longer than 66")]
    [InlineData("00010a", "00010aff", "1 bytes follow the public area")]
    [InlineData("00010a", "00020a", "needs 2 bytes but 1 are left")]
    public void A_key_that_is_wrong_in_one_field_is_refused(string field, string other, string problem) =>
        Assert.Equal(problem, Assert.Throws<MalformedInputException>(() => TpmPublic.Read(Convert.FromHexString(Replace(EccKey, field, other)))).Problem);

    [Fact]
    public void A_modulus_of_another_size_than_the_key_is_refused() =>
        Assert.Equal(
            "a modulus of 2 bytes in a key of 24 bits",
            Assert.Throws<MalformedInputException>(() => TpmPublic.Read(Convert.FromHexString(Replace(RsaKey, "0016000c0010", "0016000c0018")))).Problem);

    [Theory]
    [InlineData("0018000b" + "000101" + "000102")]
    [InlineData("0014000c" + "00020102")]
    [InlineData("0016000d" + "00020102")]
    public void Signatures_are_read(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        Assert.True(TpmSignature.IsLikely(bytes));
        Assert.Equal(bytes[1], (byte)TpmSignature.Read(bytes).Scheme);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<MalformedInputException>(() => TpmSignature.Read(bytes.AsMemory(0, length)));
        }
    }

    [Theory]
    [InlineData("0005000b0020", "scheme 0x0005 is none of RSASSA, RSAPSS and ECDSA")]
    [InlineData("001800120001010001", "hash sm3_256 is not known")]
    [InlineData("0018000b00430000", "r of 67 bytes is longer than 66")]
    [InlineData("0014000b0201", "the signature of 513 bytes is longer than 512")]
    [InlineData("0014000b00010100", "1 bytes follow the signature")]
    public void A_signature_that_is_wrong_in_one_field_is_refused(string hex, string problem) =>
        Assert.Equal(problem, Assert.Throws<MalformedInputException>(() => TpmSignature.Read(Convert.FromHexString(hex))).Problem);

    private static string Replace(string text, string part, string other)
    {
        Assert.Contains(part, text, StringComparison.Ordinal);
        return text.Replace(part, other, StringComparison.Ordinal);
    }
}
