//! Pages that are read in the repository too. Their own links, at the end of the file, lead to
//! source files; those to items are defined here, before the page, and of two definitions the first
//! counts.

/// Definitions of links to items.
macro_rules! links {
    ($to:literal: $($item:literal)*) => { concat!($("[", $item, "]: ", $to, $item, "\n"),*) };
}

/// Those to layers.
macro_rules! layers {
    ($to:literal) => {
        links!($to:
            "nn::BatchNorm" "nn::BatchNorm::forward_instances" "nn::CartesianTensor" "nn::Dropout"
            "nn::EdgeAttributes::of_batch" "nn::Features::block" "nn::LayerNorm" "nn::Linear"
            "nn::Linear::with_biases" "nn::Norm::new" "nn::Norm::smooth" "nn::NormActivation"
            "nn::NormGate" "nn::RadialNetwork" "nn::RadialNetwork::with_activation"
            "nn::Species::one_hot" "nn::SpeciesEmbedding" "nn::SpeciesLinear"
            "nn::Structures" "nn::gather_receivers" "nn::gather_senders"
            "nn::softmax_by_receiver" "nn::sum_into_receivers"
            "nn::TensorProduct" "nn::WeightedProduct" "nn::WeightedProduct::sum_messages"
        )
    };
}

#[doc = links!("crate::":
    "Irrep::new" "Irrep::product" "Irreps" "Irreps::count" "Irreps::degrees" "Irreps::dim"
    "Irreps::filter_drop" "Irreps::filter_keep" "Irreps::filter_lmax" "Irreps::lmax"
    "Irreps::num_irreps" "Irreps::regroup" "Irreps::remove_zero_multiplicities"
    "Irreps::simplify" "Irreps::slices" "Irreps::sort" "Irreps::spherical_harmonics"
    "coupling::Convention::OldWigner3j" "coupling::Convention::Wigner3j" "coupling::Tensor"
    "coupling::Tensor::dense_in" "equivariance::Equivariance" "equivariance::Random::features"
    "equivariance::Random::rotation" "graph::Graph::displacements" "graph::Graph::nearest"
    "graph::Graph::within_radius"
    "graph::Graph::within_radius_periodic" "irreps::Sorted" "kernels::Activation"
    "kernels::Channels::new" "kernels::Channels::with_norms_above" "kernels::CouplingPath"
    "kernels::Gate" "kernels::Linear" "kernels::Linear::weights_from_e3nn" "kernels::Mode"
    "kernels::Mode::from_name" "kernels::Normalization" "kernels::Pairing::Edges"
    "kernels::ScalarFunction::e3nn_constant" "kernels::ScalarFunction::normalizing_constant"
    "kernels::SecondMoment::E3nn" "kernels::SpeciesLinear" "kernels::Standardize" "kernels::TensorProduct::elementwise"
    "kernels::TensorProduct::full" "kernels::TensorProduct::fully_connected"
    "kernels::TensorProduct::new" "kernels::TensorProduct::square"
    "kernels::TensorProduct::square_to" "kernels::TensorProduct::with_normalization"
    "kernels::cartesian::CartesianTensor" "radial::Bessel" "radial::CosineCutoff"
    "radial::PolynomialCutoff" "radial::SoftOneHot" "radial::UnitVariance" "radial::XplorCutoff" "sh::Form::Spherical"
    "sh::Harmonics::batch" "sh::Harmonics::degree" "sh::Harmonics::up_to" "wigner::EulerAngles"
    "wigner::EulerAngles::to_e3nn_rotation" "wigner::batch" "wigner::d" "wigner::d_irreps"
    "wigner::generators()"
)]
#[cfg_attr(feature = "nn", doc = layers!("crate::"))]
// Without the layers their names lead nowhere.
#[cfg_attr(not(feature = "nn"), doc = layers!("#"))]
#[doc = include_str!("../docs/coming-from-e3nn.md")]
pub mod coming_from_e3nn {}
