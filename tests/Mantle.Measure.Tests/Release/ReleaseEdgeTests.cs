using Mantle.Measure.Checking;
using Mantle.Measure.Release;

namespace Mantle.Measure.Tests.Release;

/// <summary>The last moment that counts, and the first that does not.</summary>
public sealed class ReleaseEdgeTests
{
    public static TheoryData<string, DateTimeOffset> LastMoments => new()
    {
        { "released", TestRelease.Released },
        { "age", TestRelease.Released.AddDays(90) },
        { "expiry", TestRelease.Released.AddDays(100) },
        { "role.release manager", new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero) },
        { "role.release manager", new(2026, 3, 2, 14, 0, 0, TimeSpan.FromHours(14)) },
    };

    [Theory]
    [MemberData(nameof(LastMoments))]
    public void The_edge_itself_counts_and_a_moment_beyond_it_does_not(string check, DateTimeOffset edge)
    {
        bool isBeginning = check is "released" or "role.release manager";
        TestRelease release = TestRelease.Sound().Stating(statement => statement with { Expires = TestRelease.Released.AddDays(100) }) with
        {
            // Of the managers one has a key that begins on a day, where that is the edge.
            Signers = check == "role.release manager" ? [TestRelease.Alice, TestRelease.CarolNext, TestRelease.Dan] : [TestRelease.Alice, TestRelease.Bob, TestRelease.Dan],
            PolicyText = TestRelease.Policy().Replace("maximum-age: 90d", check == "age" ? "maximum-age: 90d" : "maximum-age: 900d", StringComparison.Ordinal),
        };
        ReleaseVerificationResult at = (release with { Time = edge }).Verify();
        Assert.Equal(CheckOutcome.Pass, at.Report.Find(check)!.Outcome);
        Assert.NotNull(at.Release);
        ReleaseVerificationResult beyond = (release with { Time = edge.AddTicks(isBeginning ? -1 : 1) }).Verify();
        Assert.Equal(CheckOutcome.Fail, beyond.Report.Find(check)!.Outcome);
        Assert.Null(beyond.Release);
    }

    [Fact]
    public void At_the_ends_of_time_nothing_holds_and_nothing_breaks()
    {
        foreach (DateTimeOffset time in new[] { DateTimeOffset.MinValue, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue })
        {
            Assert.Equal(Verdict.DoesNotHold, (TestRelease.Sound() with { Time = time }).Verify().Report.Verdict);
        }
    }

    [Fact]
    public void The_greatest_number_is_a_number()
    {
        TestRelease release = TestRelease.Sound().Stating(statement => statement with { Number = long.MaxValue, MinimumNumber = long.MaxValue });
        Assert.Equal(long.MaxValue, release.Verify().Require().Statement.Number);
    }
}
