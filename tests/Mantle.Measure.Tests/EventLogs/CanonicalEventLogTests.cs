using System.Text;
using System.Text.Json;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Measure.EventLogs;

namespace Mantle.Measure.Tests.EventLogs;

public class CanonicalEventLogTests
{
    private const string Record =
        """{"recnum":0,"pcr":4,"digests":[{"hashAlg":"sha1","digest":"9069ca78e7450a285173431b3e52c5c25299e473"}],"content_type":"pcclient_std","content":{"event_type":"EV_SEPARATOR","event_data":"00000000"}}""";

    private const string UserSpace =
        """{"pcr":11,"digests":[{"hashAlg":"sha1","digest":"2d7a3a3ca0c2b2d1e8ce0b5c6d4a9e8f9a0b1c2d"}],"content_type":"systemd","content":{"string":"enter-initrd","bootId":"x"}}""";

    [Theory]
    [InlineData("01-setup-mode")]
    [InlineData("05-sidecars")]
    public void The_same_log_in_json_leads_to_the_same_values_and_words(string name)
    {
        EventLog binary = EventLog.Read(ByteSource.OpenFile(Path.Combine(ReplayTests.Folder(name), "eventlog.bin")));
        byte[] json = ToJson(binary);
        LogReplay replay = LogDefectTests.Replay(json);

        Assert.Equal(LogEncoding.CanonicalJson, replay.Encoding);
        Assert.Empty(replay.Values!.DifferencesFrom(binary.Replay()));
        Assert.Equal(
            LogDefectTests.Replay(File.ReadAllBytes(Path.Combine(ReplayTests.Folder(name), "eventlog.bin"))).Events.Select(e => (e.Meaning, e.Text, e.Trust)),
            replay.Events.Select(e => (e.Meaning, e.Text, e.Trust)));
    }

    [Theory]
    [InlineData("[" + Record + "]")]
    [InlineData("{\"events\":[" + Record + "]}")]
    [InlineData(Record)]
    [InlineData("\u001e" + Record + "\n\u001e" + UserSpace + "\n")]
    [InlineData("\ufeff[" + Record + "," + UserSpace + "]")]
    public void An_array_an_object_and_a_sequence_are_read(string text)
    {
        LogReplay replay = LogDefectTests.Replay(Encoding.UTF8.GetBytes(text));
        Assert.Equal(4u, replay.Log.Events[0].Register);
        Assert.Equal(TextTrust.Hashed, replay.Events[0].Trust);
        Assert.True(LoadedLog.LooksLikeLog(Encoding.UTF8.GetBytes(text.TrimStart('\ufeff'))));
    }

    [Theory]
    [InlineData("\"pcr\":4", "\"pcr\":24", "register 24 of 0 to 23")]
    [InlineData("\"pcr\":4", "\"nv_index\":4", "a record has a member that is not known")]
    [InlineData("\"pcr\":4", "\"pcr\":4,\"pcr\":5", "a member of a record comes twice")]
    [InlineData("\"sha1\"", "\"md5\"", "a digest is of an algorithm that is none of sha1, sha256, sha384, sha512")]
    [InlineData("9069ca", "9069", "a sha1 digest has 19 bytes, or comes twice")]
    [InlineData("EV_SEPARATOR", "EV_NONSENSE", "event_type is not known")]
    [InlineData("00000000\"", "0000000\"", "a value is not hex")]
    [InlineData("}}", "}", "no JSON, line 1")]
    public void What_is_not_understood_is_refused(string from, string to, string problem) =>
        Assert.Equal(problem, Assert.Throws<MalformedInputException>(() => CanonicalEventLogReader.Read(Encoding.UTF8.GetBytes(Record.Replace(from, to, StringComparison.Ordinal)))).Problem);

    [Fact]
    public void A_record_that_leaves_out_a_bank_or_goes_back_in_number_is_refused()
    {
        string two = Record.Replace("[{", """[{"hashAlg":"sha256","digest":"df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119"},{""", StringComparison.Ordinal);
        Assert.EndsWith("digests but the log has 2 banks", Assert.Throws<MalformedInputException>(() => Read($"[{two},{UserSpace}]")).Problem, StringComparison.Ordinal);
        Assert.Equal("record 0 comes after record 0", Assert.Throws<MalformedInputException>(() => Read($"[{Record},{Record}]")).Problem);
    }

    [Fact]
    public void Damaged_bytes_are_read_or_refused() => Gen.Select(Gen.Int[0, Record.Length - 1], Gen.Byte).Sample((at, value) =>
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Record);
        bytes[at] = value;
        try
        {
            CanonicalEventLogReader.Read(bytes);
        }
        catch (MalformedInputException)
        {
        }
    });

    internal static byte[] ToJson(EventLog log)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartArray();
            foreach (EventRecord record in log.Events)
            {
                json.WriteStartObject();
                json.WriteNumber("recnum", record.Index);
                json.WriteNumber("pcr", record.Register);
                json.WriteStartArray("digests");
                foreach (TpmDigest digest in record.Digests)
                {
                    json.WriteStartObject();
                    json.WriteString("hashAlg", digest.Algorithm.Name());
                    json.WriteString("digest", digest.ToString());
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteString("content_type", "pcclient_std");
                json.WriteStartObject("content");
                if (record.Index % 2 == 0)
                {
                    json.WriteString("event_type", record.UntrustedType.SpecificationName());
                }
                else
                {
                    json.WriteNumber("event_type", (uint)record.UntrustedType);
                }

                json.WriteString("event_data", Convert.ToHexStringLower(record.UntrustedData.Span));
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return stream.ToArray();
    }

    private static EventLog Read(string text) => CanonicalEventLogReader.Read(Encoding.UTF8.GetBytes(text));
}
