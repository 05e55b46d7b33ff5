using System.Text.Json.Nodes;
using System.Text;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Prediction;

public class MeasurementsDocumentTests
{
    private static readonly ImagePrediction s_prediction = Predictor.Predict(TestUki.Make(), new());

    [Fact]
    public void What_was_written_is_read_again_and_written_the_same()
    {
        byte[] written = Write(s_prediction);
        ImagePrediction read = MeasurementsDocument.Read(ByteSource.FromMemory(written));

        Assert.Equal(written, Write(read));
        Assert.Equal(s_prediction.Unpredicted, read.Unpredicted);
        Assert.Equal(
            s_prediction.Pcrs.Select(pcr => (pcr.Index, pcr.Events.Count, pcr.Values[TpmAlgorithm.Sha384])),
            read.Pcrs.Select(pcr => (pcr.Index, pcr.Events.Count, pcr.Values[TpmAlgorithm.Sha384])));
        Assert.Equal((byte)'\n', written[^1]);
        Assert.DoesNotContain((byte)'\r', written);
    }

    [Theory]
    [InlineData("version", "3", "version 3 is not understood, 1 and 2 are")]
    [InlineData("version", "1", "platform, profile, notes and decidedBy belong to version 2, and only to it")]
    [InlineData("platform", "\"azure\"", "platform \"azure\" is not known")]
    [InlineData("profile", "-1", "profile -1 is less than 0")]
    [InlineData("extra", "1", "line 1, $.extra: not what the schema asks for")]
    [InlineData("stub", "null", "line 1, $.stub: not what the schema asks for")]
    [InlineData("banks", "[]", "the banks are not one or more in the order sha1, sha256, sha384, sha512")]
    [InlineData("banks", "[\"sha384\",\"sha256\"]", "the banks are not one or more in the order sha1, sha256, sha384, sha512")]
    [InlineData("banks", "[\"md5\"]", "bank \"md5\" is not known")]
    [InlineData("banks", "[\"sha256\"]", "a digest is of a bank that is not listed")]
    [InlineData("secureBoot", "\"maybe\"", "state of Secure Boot \"maybe\" is not known")]
    [InlineData("unpredicted", "[{\"index\":4,\"reason\":\"\"}]", "PCR indexes are out of range, not ascending, or there twice")]
    [InlineData("unpredicted", "[{\"index\":24,\"reason\":\"\"}]", "PCR indexes are out of range, not ascending, or there twice")]
    public void A_document_that_the_schema_does_not_allow_is_refused(string member, string json, string problem)
    {
        JsonObject document = Parse();
        document[member] = JsonNode.Parse(json);

        Assert.Equal(problem, Refused(document.ToJsonString()));
    }

    [Fact]
    public void A_missing_or_doubled_member_is_refused()
    {
        JsonObject document = Parse();
        document.Remove("kernel");
        Assert.EndsWith("not what the schema asks for", Refused(document.ToJsonString()), StringComparison.Ordinal);

        string text = Parse().ToJsonString();
        Assert.EndsWith("not what the schema asks for", Refused(text.Insert(1, "\"version\":1,")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_its_events_do_not_lead_to_is_refused()
    {
        JsonObject document = Parse();
        document["pcrs"]![0]!["values"]!["sha256"] = new string('0', 64);

        Assert.Equal("the sha256 value of PCR 2 is not what its events lead to", Refused(document.ToJsonString()));
    }

    [Fact]
    public void A_digest_that_is_not_lower_case_hex_of_its_size_is_refused()
    {
        JsonObject document = Parse();
        document["pcrs"]![0]!["events"]![0]!["digests"]!["sha256"] = new string('A', 64);

        Assert.Equal("a sha256 digest is missing or not 32 bytes of lower-case hex", Refused(document.ToJsonString()));
    }

    [Fact]
    public void Truncated_and_flipped_documents_are_answered()
    {
        byte[] written = Write(s_prediction);
        Assert.Equal((byte)'\n', written[^1]); // without which the document is whole all the same
        Gen.Int[0, written.Length - 2].Select(Gen.Int[0, 7]).Sample(
            (at, bit) =>
            {
                byte[] flipped = [.. written];
                flipped[at] ^= (byte)(1 << bit);
                TryRead(flipped);
                Assert.Throws<MalformedInputException>(() => MeasurementsDocument.Read(ByteSource.FromMemory(written.AsMemory(0, at))));
            },
            iter: 1500);
    }

    [Fact]
    public void The_published_schema_lists_every_member_that_is_written()
    {
        JsonNode schema = JsonNode.Parse(File.ReadAllText(Repository.PathOf("docs", "schemas", "measurements.schema.json")))!;

        AssertDescribed(Parse(), schema, schema);
    }

    [Fact]
    public void The_packages_that_a_manifest_names_are_the_sources_of_what_was_taken_out_of_them()
    {
        ByteSource uki = TestUki.Make();
        ByteSource manifest = ByteSource.FromMemory(Encoding.UTF8.GetBytes($$"""
            {"inputs":{"packages":[
              {"name":"linux-image-cloud","version":"6.12-1","uses":["kernel"]},
              {"name":"systemd-boot-efi","version":"257.13-1","uses":["stub"]},
              {"name":"libc6","version":"2.41","uses":["root"]}]},
             "outputs":[{"name":"uki.efi","size":{{uki.Length}},"sha256":""}]}
            """));
        ImagePrediction prediction = Predictor.Predict(uki, new() { Packages = SourcePackages.Of(manifest, "uki.efi", uki.Length) });
        string[] Of(ImagePrediction from, int pcr) => [.. from.Pcrs.Single(x => x.Index == pcr).Events.Select(e => string.Join(", ", e.Source.Packages))];

        Assert.Equal(["", "", "systemd-boot-efi 257.13-1, linux-image-cloud 6.12-1", "linux-image-cloud 6.12-1"], Of(prediction, 4));
        Assert.Equal(["", "linux-image-cloud 6.12-1"], Of(prediction, 9));
        Assert.Equal(s_prediction.Pcrs.Select(pcr => pcr.Values[TpmAlgorithm.Sha384]), prediction.Pcrs.Select(pcr => pcr.Values[TpmAlgorithm.Sha384]));

        byte[] written = Write(prediction);
        Assert.Equal(Of(prediction, 11), Of(MeasurementsDocument.Read(ByteSource.FromMemory(written)), 11));
        Assert.Contains("linux-image-cloud 6.12-1", Of(prediction, 11));
        JsonNode schema = JsonNode.Parse(File.ReadAllText(Repository.PathOf("docs", "schemas", "measurements.schema.json")))!;
        AssertDescribed(JsonNode.Parse(written)!, schema, schema);
        using StringWriter text = new();
        PredictionText.Write(prediction, text);
        Assert.Contains("\n    from    section .linux\n    of      linux-image-cloud 6.12-1\n", text.ToString(), StringComparison.Ordinal);

        foreach ((string name, long size, ByteSource bytes) in new[] { ("other.efi", uki.Length, manifest), ("uki.efi", 1, manifest), ("uki.efi", uki.Length, ByteSource.FromMemory("{"u8.ToArray())) })
        {
            Assert.Same(SourcePackages.None, SourcePackages.Of(bytes, name, size));
        }
    }

    [Fact]
    public void The_aws_format_is_what_nitro_tpm_pcr_compute_prints()
    {
        string Value(int index) => s_prediction.Pcrs.Single(pcr => pcr.Index == index).Values[TpmAlgorithm.Sha384].ToString();

        Assert.Equal(
            $$"""
            {
              "Measurements": {
                "HashAlgorithm": "SHA384",
                "PCR4": "{{Value(4)}}",
                "PCR7": "{{Value(7)}}",
                "PCR12": "{{new string('0', 96)}}"
              }
            }
            """,
            AwsMeasurements.Format(s_prediction));
    }

    [Fact]
    public void The_aws_format_needs_its_bank_and_its_pcrs() =>
        Assert.Equal(
            "PCR 4 of bank sha384 is not predicted",
            Assert.Throws<UserErrorException>(() => AwsMeasurements.Format(s_prediction with { Pcrs = [] })).Message);

    [Fact]
    public void The_text_shows_events_with_digest_and_source_and_then_values()
    {
        using StringWriter text = new();
        PredictionText.Write(Predictor.Predict(TestUki.Make(), new() { Banks = [TpmAlgorithm.Sha1], Pcrs = [5, 9, 12] }), text);

        Assert.Matches(
            """
            ^boot file    uki\.efi
            stub         systemd-stub 257\.13-1~deb13u1
            kernel       6\.12\.1-test
            secure boot  off
            platform     ovmf

            PCR 9
              EV_EVENT_TAG: LOADED_IMAGE::LoadOptions "quiet panic=-1  a=b"
                from    section \.cmdline
                sha1    [0-9a-f]{40}
              EV_EVENT_TAG: Linux initrd, as the stub assembles it
                from    section \.initrd \+ \.osrel
                sha1    [0-9a-f]{40}

            PCR 12: nothing is measured

            values, sha1
              PCR 9   [0-9a-f]{40}
              PCR 12  0{40}

            PCR 5 is not predicted: it measures the partition table, and the input is not a disk image
            $
            """.TrimEnd(),
            text.ToString());
    }

    private static void AssertDescribed(JsonNode? value, JsonNode schema, JsonNode root)
    {
        if (schema["$ref"] is { } reference)
        {
            schema = root["$defs"]![reference.ToString().Split('/')[^1]]!;
        }

        switch (value)
        {
            case JsonObject members when schema["properties"] is { } properties:
                Assert.Subset(properties.AsObject().Select(property => property.Key).ToHashSet(), members.Select(m => m.Key).ToHashSet());
                Assert.Superset(schema["required"]!.AsArray().Select(r => r!.ToString()).ToHashSet(), members.Select(m => m.Key).ToHashSet());
                Assert.False(schema["additionalProperties"]!.GetValue<bool>());
                Assert.All(members, m => AssertDescribed(m.Value, properties[m.Key]!, root));
                break;
            case JsonArray items:
                Assert.All(items, item => AssertDescribed(item, schema["items"]!, root));
                break;
        }
    }

    private static JsonObject Parse() => JsonNode.Parse(Write(s_prediction))!.AsObject();

    private static byte[] Write(ImagePrediction prediction)
    {
        using MemoryStream stream = new();
        MeasurementsDocument.Write(prediction, stream);
        return stream.ToArray();
    }

    private static string Refused(string json) =>
        Assert.Throws<MalformedInputException>(() => MeasurementsDocument.Read(ByteSource.FromMemory(Encoding.UTF8.GetBytes(json)))).Problem;

    private static void TryRead(byte[] bytes)
    {
        try
        {
            MeasurementsDocument.Read(ByteSource.FromMemory(bytes));
        }
        catch (MalformedInputException)
        {
            // The one exception that the reader has for bad bytes.
        }
    }
}
