using System.Net;
using System.Net.Sockets;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Wirq.Host;
using Wirq.Routing;
using Wirq.Telemetry;

namespace Wirq.Embedder.Tests;

/// <summary>Metrics as an embedder's monitoring gets them: by the OpenTelemetry SDK and a Prometheus exporter, over HTTP.</summary>
public sealed class PrometheusTests
{
    [Fact]
    public async Task A_scrape_shows_what_the_machine_did()
    {
        using var metrics = new FabricMetrics();
        (MeterProvider provider, int port) = Listen();
        using (provider)
        {
            HostMachine machine = new FabricHostBuilder(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 8 } }).UseMetrics(metrics).Build();
            using (machine)
            {
                FabricHost host = machine.Host;
                host.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
                using Virq net = host.Register("net", 0x10);
                net.SetMessage(new Msi(0xFEE00000, 0x41));
                for (int i = 0; i < 3; i++)
                    net.Trigger();
                host.Do(fabric => fabric.Send(new Msi(0xFEE00000, 0x05)));
                using var client = new HttpClient();
                string text = await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), TestContext.Current.CancellationToken);
                Assert.Equal(3, Value(text, "wirq_virq_triggers_total", "wirq_trigger=\"call\""));
                Assert.Equal(3, Value(text, "wirq_interrupts_total", "wirq_source=\"device\"", "wirq_road=\"local_apic\""));
                Assert.Equal(1, Value(text, "wirq_interrupts_refused_total", "wirq_reason=\"illegal_vector\""));
                Assert.Equal(1, Value(text, "wirq_virqs", "wirq_state=\"warm\""));
                Assert.True(Value(text, "wirq_drain_duration_seconds_count") >= 4);
                Assert.Contains("# TYPE wirq_interrupts_total counter", text, StringComparison.Ordinal);
                Assert.Contains("# TYPE wirq_drain_duration_seconds histogram", text, StringComparison.Ordinal);
            }
        }
    }

    /// <summary>The value of the first sample of a name that has all the labels.</summary>
    private static double Value(string text, string name, params string[] labels)
    {
        string line = text.Split('\n').FirstOrDefault(line => (line.StartsWith(name + "{", StringComparison.Ordinal) || line.StartsWith(name + " ", StringComparison.Ordinal))
            && labels.All(label => line.Contains(label, StringComparison.Ordinal))) ?? throw new InvalidOperationException($"no {name} in\n{text}");
        return double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The exporter takes no port 0: a port that was free a moment ago may be taken, and then the next is tried.</summary>
    private static (MeterProvider Provider, int Port) Listen()
    {
        for (int attempt = 0; ; attempt++)
        {
            int port = FreePort();
            try
            {
                return (Sdk.CreateMeterProviderBuilder().AddMeter(FabricMetrics.MeterName)
                    .AddPrometheusHttpListener(options => (options.Host, options.Port) = ("127.0.0.1", port)).Build(), port);
            }
            catch (HttpListenerException) when (attempt < 10)
            {
            }
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
