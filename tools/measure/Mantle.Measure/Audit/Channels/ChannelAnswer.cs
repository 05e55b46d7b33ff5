namespace Mantle.Measure.Audit.Channels;

/// <summary>What closes a channel of one image.</summary>
public enum ChannelState
{
    /// <summary>Nothing that is known here.</summary>
    Open,

    /// <summary>The image: no seal rule that is about it finds anything.</summary>
    ClosedByImage,

    /// <summary>Measurement: its use moves a PCR, so that a key bound to the PCRs stays closed.</summary>
    ClosedByMeasurement,

    /// <summary>A policy of the account, if it is in force there.</summary>
    ClosedByAccount,
}

/// <summary>A channel and its answer.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="State">What closes it.</param>
/// <param name="Reason">The rules, PCRs or statements; or why it is open. One clause.</param>
public sealed record ChannelAnswer(Channel Channel, ChannelState State, string Reason);
