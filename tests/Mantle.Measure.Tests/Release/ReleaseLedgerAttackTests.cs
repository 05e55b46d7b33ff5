using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Ledger;

namespace Mantle.Measure.Tests.Release;

/// <summary>Releases whose ledger says otherwise, and ledgers that are not what they were.</summary>
public sealed class ReleaseLedgerAttackTests
{
    private static readonly ReleaseAttack[] s_attacks =
    [
        Attack("a release that was never logged", "ledger.included", "no entry", (envelope, statement) => TestRelease.Logged(envelope, statement with { Number = 6 }).Entries.Count == 1
            ? TestRelease.Checkpointed(ReleaseLedger.Empty.Append(TestRelease.Entry(envelope, statement) with { Statement = new string('a', 64) })) : null),
        Attack("a revoked release", "ledger.state", "revoked on", (envelope, statement) => TestRelease.Logged(envelope, statement, After(envelope, statement, LedgerEvent.Revoked))),
        Attack("a retired release", "ledger.state", "retired on", (envelope, statement) => TestRelease.Logged(envelope, statement, After(envelope, statement, LedgerEvent.Retired))),
        Attack("an older release than a later one accepts", "ledger.minimum-number", "older than 9", (envelope, statement) => TestRelease.Logged(envelope, statement, TestRelease.Entry(envelope, statement) with
        {
            Statement = new string('b', 64), Number = 9, MinimumNumber = 9,
        })),
        Attack("another envelope than the one that was logged", "ledger.included", "signed again", (envelope, statement) => TestRelease.Checkpointed(ReleaseLedger.Empty.Append(TestRelease.Entry(envelope, statement) with { Envelope = new string('c', 64) }))),
        Attack("another image than the one that was logged", "ledger.included", "another image", (envelope, statement) => TestRelease.Checkpointed(ReleaseLedger.Empty.Append(TestRelease.Entry(envelope, statement) with { Image = new string('c', 64) }))),
        Attack("other registers than those that were logged", "ledger.included", "PCR", (envelope, statement) => TestRelease.Checkpointed(ReleaseLedger.Empty.Append(TestRelease.Entry(envelope, statement) with { WithSecureBoot = statement.WithoutSecureBoot }))),
        Attack("a fork of the ledger under the same checkpoint", "ledger.checkpoint", "two ledgers", (envelope, statement) => ReleaseLedger.Read(
            TestRelease.Logged(envelope, statement).ToArray(),
            TestRelease.CheckpointOf(ReleaseLedger.Empty.Append(TestRelease.Entry(envelope, statement) with { Statement = new string('d', 64) })))),
        Attack("the last entry removed", "ledger.checkpoint", "entries were removed", (envelope, statement) => ReleaseLedger.Read(
            ReleaseLedger.Empty.Append(TestRelease.Entry(envelope, statement)).ToArray(),
            TestRelease.CheckpointOf(TestRelease.Logged(envelope, statement, After(envelope, statement, LedgerEvent.Revoked))))),
        Attack("an entry that nobody signed", "ledger.checkpoint", "not signed", (envelope, statement) => ReleaseLedger.Read(
            TestRelease.Logged(envelope, statement).ToArray(), TestRelease.CheckpointOf(ReleaseLedger.Empty))),
        Attack("a checkpoint by another key", "ledger.checkpoint", "not signed by", (envelope, statement) => ReleaseLedger.Read(
            TestRelease.Logged(envelope, statement).ToArray(), TestRelease.CheckpointOf(TestRelease.Logged(envelope, statement), TestRelease.Mallory))),
        Attack("a checkpoint of another log", "ledger.checkpoint", "of the log \"other.example\"", (envelope, statement) => ReleaseLedger.Read(
            TestRelease.Logged(envelope, statement).ToArray(), TestRelease.CheckpointOf(TestRelease.Logged(envelope, statement), key: new NoteKey("other.example", TestRelease.LedgerSigner.Key)))),
        Attack("a checkpoint by one of the managers", "ledger.checkpoint", "not signed by", (envelope, statement) => ReleaseLedger.Read(
            TestRelease.Logged(envelope, statement).ToArray(), TestRelease.CheckpointOf(TestRelease.Logged(envelope, statement), TestRelease.AliceSecond))),
        Attack("a checkpoint by a manager's key under the ledger's name", "ledger.checkpoint", "not signed by", (envelope, statement) => ReleaseLedger.Read(
            TestRelease.Logged(envelope, statement).ToArray(),
            TestRelease.CheckpointOf(TestRelease.Logged(envelope, statement), TestRelease.AliceSecond, new NoteKey(TestRelease.LedgerKey.Name, TestRelease.AliceSecond.Key)))),
        Attack("a checkpoint that the key has signed once well and once badly", "ledger.checkpoint", "not signed by", (envelope, statement) => ReleaseLedger.Read(
            TestRelease.Logged(envelope, statement).ToArray(),
            SignedNote.Read(TestRelease.CheckpointOf(TestRelease.Logged(envelope, statement))).With(TestRelease.LedgerKey, new byte[64]).ToArray())),
        Attack("a checkpoint over more entries than there can be", "ledger.checkpoint", "entries were removed", (envelope, statement) => ReleaseLedger.Read(
            TestRelease.Logged(envelope, statement).ToArray(), Signed(Checkpoint.TextOf(TestRelease.LedgerKey.Name, long.MaxValue, new byte[32])))),
        Attack("the ledger of before the revocation, with its own checkpoint", "ledger.kept", "entries were removed", (envelope, statement) => TestRelease.Logged(envelope, statement),
            (envelope, statement) => TestRelease.CheckpointOf(TestRelease.Logged(envelope, statement, After(envelope, statement, LedgerEvent.Revoked)))),
        Attack("a ledger that its own key has rewritten", "ledger.kept", "forked", (envelope, statement) => TestRelease.Logged(envelope, statement),
            (envelope, statement) => TestRelease.CheckpointOf(TestRelease.Logged(envelope, statement with { Version = "1.1.9" }))),
        Attack("a kept checkpoint that the key has not signed", "ledger.kept", "not signed by", (envelope, statement) => TestRelease.Logged(envelope, statement),
            (envelope, statement) => TestRelease.CheckpointOf(TestRelease.Logged(envelope, statement), TestRelease.Mallory)),
        Attack("a kept checkpoint over more entries than there can be", "ledger.kept", "entries were removed", (envelope, statement) => TestRelease.Logged(envelope, statement),
            (_, _) => Signed(Checkpoint.TextOf(TestRelease.LedgerKey.Name, long.MaxValue, new byte[32]))),
        Attack("no checkpoint", "ledger.checkpoint", "no checkpoint", (envelope, statement) => ReleaseLedger.Read(TestRelease.Logged(envelope, statement).ToArray(), null)),
    ];

    [Fact]
    public void Ledgers_that_say_otherwise_are_noticed() => Array.ForEach(s_attacks, attack => attack.Run());

    [Fact]
    public void An_entry_removed_changed_or_moved_breaks_the_chain()
    {
        TestRelease release = TestRelease.Sound();
        DsseEnvelope envelope = release.Envelope();
        string[] lines = Encoding.UTF8.GetString(TestRelease.Logged(
            envelope, release.Statement, After(envelope, release.Statement, LedgerEvent.Retired), After(envelope, release.Statement, LedgerEvent.Revoked)).ToArray()).TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Contains("removed or added", Broken([lines[0], lines[2]]), StringComparison.Ordinal);
        Assert.Contains("removed or added", Broken([lines[1], lines[2]]), StringComparison.Ordinal);
        Assert.Contains("removed or added", Broken([lines[0], lines[2], lines[1]]), StringComparison.Ordinal);
        Assert.Contains("entry 1: it does not follow", Broken([lines[0].Replace("\"1.2.0\"", "\"1.2.1\"", StringComparison.Ordinal), lines[1], lines[2]]), StringComparison.Ordinal);
        Assert.Contains("twice", Broken([lines[0].Replace("\"number\":7", "\"number\":7,\"number\":8", StringComparison.Ordinal)]), StringComparison.Ordinal);
        Assert.Contains("canonical", Broken([lines[0].Replace(",\"number\"", ", \"number\"", StringComparison.Ordinal)]), StringComparison.Ordinal);
        Assert.Contains("entry 1", Broken([lines[0], ""]), StringComparison.Ordinal);
        Assert.Throws<MalformedInputException>(() => ReleaseLedger.Read(Encoding.UTF8.GetBytes(lines[0]), null));
    }

    [Fact]
    public void Events_that_make_no_sense_are_not_appended()
    {
        TestRelease release = TestRelease.Sound();
        DsseEnvelope envelope = release.Envelope();
        LedgerEntry entry = TestRelease.Entry(envelope, release.Statement);
        LedgerEntry revoked = After(envelope, release.Statement, LedgerEvent.Revoked);
        ReleaseLedger ledger = ReleaseLedger.Empty.Append(entry);
        Assert.Contains("already", Refused(ledger, entry), StringComparison.Ordinal);
        Assert.Contains("not newer", Refused(ledger, entry with { Statement = new string('a', 64) }), StringComparison.Ordinal);
        Assert.Contains("older than the entry before", Refused(ledger, revoked with { Time = entry.Time.AddSeconds(-1) }), StringComparison.Ordinal);
        Assert.Contains("never released", Refused(ReleaseLedger.Empty, revoked), StringComparison.Ordinal);
        Assert.Contains("is that of tiny 7", Refused(ledger, revoked with { Number = 8 }), StringComparison.Ordinal);
        Assert.Contains("revoked already", Refused(ledger.Append(revoked), After(envelope, release.Statement, LedgerEvent.Retired)), StringComparison.Ordinal);
        Assert.Single(ledger.Entries);
    }

    [Fact]
    public void A_ledger_that_has_grown_from_the_kept_checkpoint_is_the_one()
    {
        TestRelease release = TestRelease.Sound() with
        {
            PolicyText = TestRelease.Policy($"ledger: {TestRelease.LedgerKey}\nledger-checkpoint: kept"),
            Signers = [TestRelease.AliceSecond, TestRelease.Carol, TestRelease.Erin],
            Ledger = (envelope, statement) => TestRelease.Logged(envelope, statement),
        };
        foreach (Func<DsseEnvelope, ReleaseStatement, byte[]> kept in new Func<DsseEnvelope, ReleaseStatement, byte[]>[]
        {
            (_, _) => TestRelease.CheckpointOf(ReleaseLedger.Empty), (envelope, statement) => TestRelease.CheckpointOf(TestRelease.Logged(envelope, statement)),
        })
        {
            ReleaseVerificationResult result = (release with { Kept = kept }).Verify();
            Assert.Equal(Checking.CheckOutcome.Pass, result.Report.Find("ledger.kept")!.Outcome);
            Assert.NotNull(result.Release);
        }
    }

    [Theory]
    [InlineData("18446744073709551616")]
    [InlineData("9223372036854775808")]
    [InlineData("01")]
    [InlineData("-1")]
    [InlineData("1 ")]
    [InlineData("\uff11")]
    public void A_checkpoint_with_such_a_size_is_none(string size) => Assert.Throws<MalformedInputException>(
        () => Checkpoint.Read(Signed($"{TestRelease.LedgerKey.Name}\n{size}\n{Convert.ToBase64String(new byte[32])}\n")));

    private static byte[] Signed(string text) => new SignedNote(text, []).With(TestRelease.LedgerKey, TestRelease.LedgerSigner.Sign(Encoding.UTF8.GetBytes(text))).ToArray();

    private static ReleaseAttack Attack(
        string name, string check, string reason, Func<DsseEnvelope, ReleaseStatement, ReleaseLedger?> ledger, Func<DsseEnvelope, ReleaseStatement, byte[]>? kept = null) => new(name, check, reason, release => release with
    {
        Kept = kept,
        PolicyText = TestRelease.Policy($"ledger: {TestRelease.LedgerKey}{(kept is null ? "" : "\nledger-checkpoint: kept")}"),
        Signers = [TestRelease.AliceSecond, TestRelease.Carol, TestRelease.Erin],
        Ledger = ledger,
    });

    private static LedgerEntry After(DsseEnvelope envelope, ReleaseStatement statement, LedgerEvent what) => TestRelease.Entry(envelope, statement) with
    {
        Event = what, Time = TestRelease.Released.AddDays(2), Reason = "something else came up", Image = null, Envelope = null, MinimumNumber = null, WithoutSecureBoot = null, WithSecureBoot = null,
    };

    private static string Broken(string[] lines) =>
        Assert.Throws<MalformedInputException>(() => ReleaseLedger.Read(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))), null)).Message;

    private static string Refused(ReleaseLedger ledger, LedgerEntry entry) => Assert.Throws<UserErrorException>(() => ledger.Append(entry)).Message;
}
