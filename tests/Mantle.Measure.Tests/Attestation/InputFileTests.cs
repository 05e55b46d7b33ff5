using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Attestation;
using Mantle.Measure.Prediction;
using Mantle.Measure.Tests.Prediction;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Attestation;

public class InputFileTests
{
    [Fact]
    public void A_document_may_be_raw_base64_or_hex()
    {
        byte[] document = TestDocument.Sign(TestDocument.Content(TestDocument.Pki));
        string base64 = Convert.ToBase64String(document, Base64FormattingOptions.InsertLineBreaks);
        Assert.Equal(document, DocumentFile.Decode(document));
        Assert.Equal(document, DocumentFile.Decode(Encoding.ASCII.GetBytes(base64 + "\n")));
        Assert.Equal(document, DocumentFile.Decode(Encoding.ASCII.GetBytes(Convert.ToHexString(document) + "\r\n")));
        Assert.Equal(document, DocumentFile.Decode(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(document))));
        Assert.Equal("not a document!"u8.ToArray(), DocumentFile.Decode("not a document!"u8.ToArray()));
        Assert.Empty(DocumentFile.Decode([]));
    }

    [Fact]
    public void Expected_registers_come_from_measurements_of_every_bank()
    {
        using TemporaryFolder folder = new();
        ImagePrediction prediction = Predictor.Predict(TestUki.Make(), new());
        using (FileStream file = File.Create(folder["measurements.json"]))
        {
            MeasurementsDocument.Write(prediction, file);
        }

        foreach (string path in (string[])[folder.Root, folder["measurements.json"]])
        {
            ExpectedPcr[] expected = [.. ReferenceValues.Load(path).Where(pcr => pcr.Value.Algorithm == TpmAlgorithm.Sha384)];
            Assert.Equal([4, 7, 9, 11, 12, 13], expected.Select(pcr => pcr.Index));
            Assert.Equal([4, 7, 12, 13], expected.Where(pcr => pcr.IsBound).Select(pcr => pcr.Index));
            Assert.Equal(prediction.Pcrs.First(pcr => pcr.Index == 4).Values[TpmAlgorithm.Sha384], expected[0].Value);
        }

        Assert.Equal(ExitCode.Environment, Assert.Throws<UserErrorException>(() => ReferenceValues.Load(folder["nothing"])).Code);
    }

    [Theory]
    [InlineData("SHA384")]
    [InlineData("SHA384 { ... }")]
    public void Expected_registers_come_from_what_AWS_prints(string algorithm)
    {
        string json = $$$"""{"Measurements":{"HashAlgorithm":"{{{algorithm}}}","PCR4":"{{{new string('a', 96)}}}","PCR7":"{{{new string('b', 96)}}}","PCR12":"{{{new string('0', 96)}}}"}}""";
        IReadOnlyList<ExpectedPcr> expected = Read(json);
        Assert.Equal([4, 7, 12], expected.Select(pcr => pcr.Index));
        Assert.All(expected, pcr => Assert.True(pcr.IsBound));
    }

    [Theory]
    [InlineData("""{"Measurements":{"HashAlgorithm":"SHA256"}}""")]
    [InlineData("""{"Measurements":{"PCR4":"00"}}""")]
    [InlineData("""{"Measurements":{"PCR4":"xx"}}""")]
    [InlineData("""{"Measurements":{"PCR4":7}}""")]
    [InlineData("""{"Measurements":{"PCR24":""}}""")]
    [InlineData("""{"Measurements":{"Other":""}}""")]
    [InlineData("""{"Measurements":[]}""")]
    [InlineData("""{"Measurements":{}""")]
    public void What_AWS_does_not_print_is_refused(string json) => Assert.Throws<MalformedInputException>(() => Read(json));

    [Fact]
    public void AWS_values_may_come_from_our_own_prediction()
    {
        ImagePrediction prediction = Predictor.Predict(TestUki.Make(), new() { Banks = [TpmAlgorithm.Sha384] });
        Assert.Equal(
            [.. prediction.Pcrs.Where(pcr => pcr.Index is 4 or 7 or 12).Select(pcr => pcr.Values[TpmAlgorithm.Sha384])],
            Read(AwsMeasurements.Format(prediction)).Select(pcr => pcr.Value));
    }

    private static IReadOnlyList<ExpectedPcr> Read(string json) => ReferenceValues.Read(ByteSource.FromMemory(Encoding.UTF8.GetBytes(json)), "test");
}
