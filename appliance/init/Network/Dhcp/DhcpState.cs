namespace Mantle.Init.Network.Dhcp;

/// <summary>States of RFC 2131, figure 5.</summary>
internal enum DhcpState
{
    /// <summary>INIT: nothing sent, or waiting before the next try.</summary>
    Initial,

    /// <summary>SELECTING: a DISCOVER is out.</summary>
    Selecting,

    /// <summary>REQUESTING: an offer was taken, a REQUEST is out.</summary>
    Requesting,

    /// <summary>BOUND.</summary>
    Bound,

    /// <summary>RENEWING: past T1, the server is asked.</summary>
    Renewing,

    /// <summary>REBINDING: past T2, any server is asked.</summary>
    Rebinding,
}
