using System.Text.Json.Nodes;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;
using Mantle.Measure.Tests.Prediction;
using Mantle.Measure.Twin;

namespace Mantle.Measure.Tests.Twin;

public class DenyListTests
{
    private static readonly ImagePrediction s_twin = Predictor.Predict(TestUki.Make(osRelease: "VARIANT_ID=debug\n"), new() { Banks = TpmHash.Computable });
    private static readonly ImagePrediction s_sealed = Predictor.Predict(TestUki.Make(), new());

    [Fact]
    public void What_was_written_is_read_again_and_written_the_same()
    {
        byte[] written = Write(DenyList.Of("a", "1.0", "00ff", s_twin));
        DenyList read = DenyList.Read(ByteSource.FromMemory(written));

        Assert.Equal(written, Write(read));
        Assert.Equal(("a", "1.0", "00ff"), (read.Twins[0].Name, read.Twins[0].Release, read.Twins[0].RootHash));
        Assert.Equal(3 * 4, read.Twins[0].Values.Count);
    }

    [Fact]
    public void It_denies_the_twin_in_every_bank_and_the_sealed_image_in_none()
    {
        DenyList list = DenyList.Of("a", "1.0", "00ff", s_twin);
        foreach (TpmAlgorithm bank in TpmHash.Computable)
        {
            ImagePrediction unmarked = Predictor.Predict(TestUki.Make(osRelease: "VARIANT_ID=debug\n"), new() { Banks = [bank] }) with { IsDebugTwin = false };
            UserErrorException error = Assert.Throws<UserErrorException>(() => list.Refuse(unmarked, "x"));
            Assert.Equal("\"x\" is a debug twin (PCR 4 is that of the twin of a 1.0): it is for looking inside and for nothing else", error.Message);
        }

        list.Refuse(s_sealed, "x");
        Assert.All(s_sealed.Pcrs.SelectMany(pcr => pcr.Values.Values.Select(value => (pcr.Index, value))), x => Assert.Null(list.Find(x.Index, x.value)));
    }

    [Theory]
    [InlineData("version", "2", "version 2 is not understood, 1 is")]
    [InlineData("denied", "null", "line 1, $.denied: not what the schema asks for")]
    [InlineData("more", "1", "line 1, $.more: not what the schema asks for")]
    [InlineData("denied", "[{\"name\":\"a\",\"release\":\"1\",\"rootHash\":\"0\",\"pcrs\":[]}]", "\"a\" has no value: it would deny nothing")]
    [InlineData("denied", "[{\"name\":\"a\",\"release\":\"1\",\"rootHash\":\"0\",\"pcrs\":[{\"index\":12,\"values\":{\"sha1\":\"0000000000000000000000000000000000000000\"}}]}]", "PCR 12 of bank \"sha1\" has no value that can be denied")]
    [InlineData("denied", "[{\"name\":\"a\",\"release\":\"1\",\"rootHash\":\"0\",\"pcrs\":[{\"index\":4,\"values\":{\"md5\":\"00\"}}]}]", "PCR 4 of bank \"md5\" has no value that can be denied")]
    [InlineData("denied", "[{\"name\":\"a\",\"release\":\"1\",\"rootHash\":\"0\",\"pcrs\":[{\"index\":4,\"values\":{\"sha1\":\"00\"}}]}]", "PCR 4 of bank \"sha1\" has no value that can be denied")]
    public void A_document_that_the_schema_does_not_allow_is_refused(string member, string json, string problem)
    {
        JsonObject document = JsonNode.Parse(Write(DenyList.Of("a", "1.0", "00ff", s_twin)))!.AsObject();
        document[member] = JsonNode.Parse(json);

        Assert.Equal(problem, Assert.Throws<MalformedInputException>(() => DenyList.Read(DebugTwinTests.Bytes(document.ToJsonString()))).Problem);
    }

    private static byte[] Write(DenyList list)
    {
        using MemoryStream stream = new();
        list.Write(stream);
        return stream.ToArray();
    }
}
