namespace Mantle.Measure.Audit.Channels;

/// <summary>The answers for people: what is open first.</summary>
public static class ChannelText
{
    private static readonly (ChannelState State, string Heading)[] s_groups =
    [
        (ChannelState.Open, "open"),
        (ChannelState.ClosedByAccount, "closed by account policy, where policies/organization/run-account.scp.json is in force"),
        (ChannelState.ClosedByMeasurement, "closed by measurement: a key bound to the PCR is not released"),
        (ChannelState.ClosedByImage, "closed by the image: these rules find nothing"),
    ];

    /// <summary>Writes the answers.</summary>
    public static void Write(IReadOnlyList<ChannelAnswer> answers, TextWriter output)
    {
        foreach ((ChannelState state, string heading) in s_groups)
        {
            ChannelAnswer[] group = [.. answers.Where(answer => answer.State == state)];
            if (group.Length == 0)
            {
                continue;
            }

            output.Write($"{heading}\n");
            foreach (ChannelAnswer answer in group)
            {
                output.Write($"  {answer.Channel.Name}: {answer.Channel.Gives}\n    {answer.Reason}\n");
                if (answer.Channel.Left is { } left)
                {
                    output.Write($"    left: {left}\n");
                }
            }

            output.Write("\n");
        }

        output.Write($"{answers.Count} channels: {string.Join(", ", s_groups.Select(g => $"{answers.Count(a => a.State == g.State)} {Word(g.State)}"))}\n");
    }

    /// <summary>The state in one word of JSON.</summary>
    internal static string Word(ChannelState state) => state switch
    {
        ChannelState.ClosedByImage => "image",
        ChannelState.ClosedByMeasurement => "measurement",
        ChannelState.ClosedByAccount => "account",
        _ => "open",
    };
}
