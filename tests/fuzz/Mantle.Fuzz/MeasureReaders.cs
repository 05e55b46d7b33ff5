using System.Text;
using Mantle.Formats.Tpm;
using Mantle.Fuzz.Seeds;
using Mantle.Measure.EventLogs;
using Mantle.Measure.Impact;

namespace Mantle.Fuzz;

/// <summary>What a machine that is to be checked hands in.</summary>
internal static class MeasureReaders
{
    private const string Json =
        """[{"recnum":0,"pcr":4,"digests":[{"hashAlg":"sha1","digest":"9069ca78e7450a285173431b3e52c5c25299e473"}],"content_type":"pcclient_std","content":{"event_type":"EV_SEPARATOR","event_data":"00000000"}},{"pcr":11,"digests":[{"hashAlg":"sha1","digest":"9069ca78e7450a285173431b3e52c5c25299e473"}],"content_type":"systemd","content":{"string":"ready"}}]""";

    private static readonly string[] s_values =
    [
        "  sha1:\n    0 : 0x9069CA78E7450A285173431B3E52C5C25299E473\n  sha256:\n    4 : 0xDF3F619804A92FDB4057192DC43DD748EA778ADC52BC498CE80524C014B81119\n",
        "0: 9069ca78e7450a285173431b3e52c5c25299e473\nPCR-01: 90 69 ca 78 e7 45 0a 28 51 73 43 1b 3e 52 c5 c2 52 99 e4 73\n",
        """{"sha1":{"0":"9069ca78e7450a285173431b3e52c5c25299e473"}}""",
        """{"Measurements":{"HashAlgorithm":"SHA384","PCR4":"394341b7182cd227c5c6b07ef8000cdfd86136c4292b8e576573ad7ed9ae41019f5818b4b971c9effc60e1ad9f1289f0"}}""",
    ];

    private static readonly IReadOnlyList<byte[]> s_words = Texts.Words(
        "sha256:", "\n", "0x", ": ", "PCR", "{", "}", "[", "]", "\"", "\\ud800", "\u001e", "null", "-1", "1e9", "\"EV_IPL\"", "\"hashAlg\"", "24", "\u00ef\u00bb\u00bf");

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        new("replay", () => [.. Samples.EventLogs(), .. Samples.EventLogs().Take(1).Select(log => (byte[])[.. log, .. new byte[64]]), Texts.Bytes(Json)], Replay),
        new("canonical event log", () => [Texts.Bytes(Json)], Replay) { Words = s_words },
        new("lock impact", () => [Texts.Bytes(Lock)], bytes => LockImpact.Compare(PackageReaders.Source(Texts.Bytes(Lock)), PackageReaders.Source(bytes)))
        {
            Words = s_words,
            RefusesAlike = true,
        },
        new("pcr list", () => [.. s_values.Select(Encoding.UTF8.GetBytes)], bytes => PcrListReader.Read(PackageReaders.Source(bytes))) { Words = s_words },
    ];

    private const string Lock = """{"version":1,"inputsSha256":"aa","packages":[{"name":"a","version":"1","sha256":"00","uses":["root"]}]}""";

    private static void Replay(byte[] bytes)
    {
        LogReplay replay = LogReplay.Of(LoadedLog.Read(PackageReaders.Source(bytes)));
        ReplayText.Write(replay, TpmHash.Computable, TextWriter.Null);
    }
}
