using System.Globalization;
using CsCheck;
using Mantle.Service.Attestation;

namespace Mantle.Service.Tests.Attestation;

public class PcrBanksTests
{
    private static readonly string s_zeros = new('0', 64);

    [Theory]
    [InlineData("sha256")]
    [InlineData("sha1", "sha256")]
    [InlineData("sha1", "sha256", "sha384", "sha512")]
    public void Every_bank_of_the_TPM_is_read_in_order(params string[] names)
    {
        using FakeTpm tpm = new(names);
        Assert.True(PcrBanks.TryRead(tpm.Root, out OrderedDictionary<string, OrderedDictionary<string, string>> banks));
        Assert.Equal(names, banks.Keys);
        foreach ((string name, OrderedDictionary<string, string> registers) in banks)
        {
            Assert.Equal(Enumerable.Range(0, 24).Select(pcr => pcr.ToString(CultureInfo.InvariantCulture)), registers.Keys);
            Assert.Equal(Enumerable.Range(0, 24).Select(pcr => Convert.ToHexStringLower(FakeTpm.Digest(name, pcr))), registers.Values);
        }
    }

    [Fact]
    public void A_last_line_without_line_feed_is_read()
    {
        using FakeTpm tpm = new("sha256");
        tpm.Write("sha256", 7, s_zeros);
        Assert.True(PcrBanks.TryRead(tpm.Root, out _));
    }

    [Fact]
    public void No_bank_is_no_answer()
    {
        using FakeTpm tpm = new();
        Assert.False(PcrBanks.TryRead(tpm.Root, out _));
        Assert.False(PcrBanks.TryRead(tpm.Root + "/absent", out _));
    }

    [Fact]
    public void A_missing_register_is_no_answer()
    {
        using FakeTpm tpm = new("sha256", "sha384");
        tpm.Remove("sha384", 23);
        Assert.False(PcrBanks.TryRead(tpm.Root, out _));
    }

    [Fact]
    public void Only_one_whole_digest_counts_as_one()
    {
        using FakeTpm tpm = new("sha256");
        foreach (string text in (string[])["", "\n", s_zeros[1..], s_zeros + "0", s_zeros + "\n\n", s_zeros + "\n" + s_zeros, s_zeros[1..] + "g", " " + s_zeros])
        {
            tpm.Write("sha256", 3, text);
            Assert.False(PcrBanks.TryRead(tpm.Root, out _), text);
        }
    }

    [Fact]
    public void Random_text_is_never_taken_for_a_digest_that_it_is_not()
    {
        using FakeTpm tpm = new("sha256");
        Gen.String[Gen.Char["0123456789abcdefABCDEF\n\0 xg"], 60, 70].Sample(
            text =>
            {
                tpm.Write("sha256", 0, text);
                string digits = text.EndsWith('\n') ? text[..^1] : text;
                bool whole = digits.Length == 64 && digits.All(char.IsAsciiHexDigit);
                Assert.Equal(whole, PcrBanks.TryRead(tpm.Root, out _));
            },
            iter: 500,
            threads: 1);
    }
}
