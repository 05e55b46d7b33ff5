using System.Text;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.EventLogs;
using Mantle.Testing;

namespace Mantle.Measure.Tests.EventLogs;

public class PcrListTests
{
    private const string Sha1 = "0f2d3a2a1adaa479aeeca8f5df76aadc41b862ea";
    private const string Sha256 = "24af52a4f429b71a3184a6d64cddad17e54ea030e2aa6576bf3a5a3d8bd3328f";
    private const string Sha384 = "9269cc3cb306ae1ba5bcfd3885e987cfc6209a711f13f2aa56bb139b85b612fcb6aaa2de4b65a37106bfb50f4c8b22a4";

    [Theory]
    [InlineData("  sha1:\n  sha256:\n    0 : 0x24AF52A4F429B71A3184A6D64CDDAD17E54EA030E2AA6576BF3A5A3D8BD3328F\n  sha384:\n")]
    [InlineData("pcrs:\r\n  sha256:\r\n    0  : 0x" + Sha256 + "\r\n")]
    [InlineData("# my machine\n0: " + Sha256)]
    [InlineData("PCR-00: 24 AF 52 A4 F4 29 B7 1A 31 84 A6 D6 4C DD AD 17 E5 4E A0 30 E2 AA 65 76 BF 3A 5A 3D 8B D3 32 8F\n")]
    [InlineData("0 " + Sha256 + "\n")]
    [InlineData("PCR0=" + Sha256 + "\n")]
    [InlineData("sm3_256:\n 0: " + Sha256 + "\nsha256:\n 0: " + Sha256 + "\n")]
    [InlineData("{\"sha256\":{\"0\":\"" + Sha256 + "\"}}")]
    [InlineData("{\"sha256\":{\"0\":\"0x" + Sha256 + "\"}}")]
    public void The_usual_ways_to_write_a_value_are_read(string text)
    {
        PcrList list = ReplayTests.Values(text);
        Assert.Equal([TpmAlgorithm.Sha256], list.Banks.Where(bank => list.Indexes(bank).Any()));
        Assert.True(list.TryGet(TpmAlgorithm.Sha256, 0, out TpmDigest value));
        Assert.Equal(Sha256, value.ToString());
    }

    [Fact]
    public void Without_a_named_bank_the_size_tells_it()
    {
        PcrList list = ReplayTests.Values($"0: {Sha1}\n0: {Sha256}\n0: {Sha384}\n");
        Assert.Equal([TpmAlgorithm.Sha1, TpmAlgorithm.Sha256, TpmAlgorithm.Sha384], list.Banks);
    }

    [Fact]
    public void What_aws_prints_is_read()
    {
        PcrList list = ReplayTests.Values($$$"""{"Measurements":{"HashAlgorithm":"SHA384","PCR4":"{{{Sha384}}}","PCR7":"{{{Sha384}}}"}}""");
        Assert.Equal([4, 7], list.Indexes(TpmAlgorithm.Sha384));
    }

    [Theory]
    [InlineData("", "there is no value in it")]
    [InlineData("sha256:\n", "there is no value in it")]
    [InlineData("sha256:\n 0: " + Sha1, "line 2: 20 bytes, but a sha256 value has 32")]
    [InlineData("0: abcd", "line 1: 2 bytes are the value of no bank")]
    [InlineData("24: " + Sha1, "line 1: no \"index: value\" with an index from 0 to 23")]
    [InlineData("0: " + Sha1 + "\n0: " + Sha1, "line 2: PCR 0 of sha1 comes twice")]
    [InlineData("0: " + Sha1 + "zz", "line 1: a value that is not hex")]
    [InlineData("md5:\n", "line 1: a bank that is none of sha1, sha256, sha384, sha512, sm3_256")]
    [InlineData("hello\n", "line 1: no \"index: value\" with an index from 0 to 23")]
    [InlineData("{}", "there is no value in it")]
    [InlineData("{\"sha1\":{\"0\":\"" + Sha1 + "\",\"0\":\"" + Sha1 + "\"}}", "line 1: no JSON, or a member comes twice")]
    [InlineData("{\"sha1\":{\"x\":\"" + Sha1 + "\"}}", "a member is no PCR from 0 to 23")]
    [InlineData("{\"Measurements\":{\"PCR4\":\"" + Sha384 + "\"}}", "\"Measurements\" without \"HashAlgorithm\": \"SHA384\"")]
    public void What_is_no_list_is_refused_with_its_line(string text, string problem) =>
        Assert.Equal(problem, Assert.Throws<MalformedInputException>(() => ReplayTests.Values(text)).Problem);

    [Fact]
    public void A_value_of_another_size_is_kept_when_it_is_asked_for()
    {
        PcrList list = PcrListReader.Read(ByteSource.FromMemory(Encoding.ASCII.GetBytes($"sha256:\n 4: {Sha1}\n")), keepOtherSizes: true);
        Assert.False(list.TryGet(TpmAlgorithm.Sha256, 4, out _));
        Assert.True(list.TryGetBytes(TpmAlgorithm.Sha256, 4, out byte[]? bytes));
        Assert.Equal(20, bytes.Length);
    }

    [Fact]
    public void Values_are_read_from_folders_like_those_of_linux()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["tpm0/pcr-sha256"]);
        Directory.CreateDirectory(folder["tpm0/pcr-sha1"]);
        File.WriteAllText(folder["tpm0/pcr-sha256/4"], Sha256.ToUpperInvariant() + "\n");
        File.WriteAllText(folder["tpm0/pcr-sha1/23"], Sha1 + "\n");
        Assert.Equal(2, PcrFolder.Read(folder["tpm0"]).Count);
        Assert.Equal([4], PcrFolder.Read(folder["tpm0/pcr-sha256/"]).Indexes(TpmAlgorithm.Sha256));
        Assert.Throws<UserErrorException>(() => PcrFolder.Read(folder["tpm0/pcr-sha384"]));
        File.WriteAllText(folder["tpm0/pcr-sha256/4"], Sha1);
        Assert.Throws<MalformedInputException>(() => PcrFolder.Read(folder["tpm0"]));
    }

    [Fact]
    public void Any_text_is_read_or_refused() => Gen.String[Gen.Char[" \n:0123456789abcdefxPCR-{}[]\",shm"], 0, 300].Sample(text =>
    {
        try
        {
            ReplayTests.Values(text);
        }
        catch (MalformedInputException)
        {
        }
    });
}
